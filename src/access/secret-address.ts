// Routes that are opened by a secret in their own address, for programs that can send no headers, such as calendars. The secret becomes a caller of one
// municipality that has no scope: it opens the route that it was found at, and nothing else. What does not work is answered like an address that does not exist.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../platform/http/app.ts';
import { NOT_FOUND, Problem } from '../platform/http/problem.ts';
import type { Limiter } from './limits/create-limiter.ts';
import type { Spender } from './limits/rules.ts';
import type { Principal } from './principal.ts';
import { registerPart } from './scope.ts';

/** Knows the secrets of some addresses. */
export interface AddressKeeper {
  /** Whose tokens a request with this secret takes; asks nobody. @returns undefined for a text that this service has not made */
  spenderOf(secret: string): Spender | undefined;
  /** @returns for whom it works, asked anew; undefined when it has ended or is not known. */
  verify(secret: string): Promise<Principal | undefined>;
}

/** Registers routes whose parameter `secret` is a secret of `keeper`. A request with any other is answered 404 before anything else is looked at. */
export function withSecretAddress(app: App, keeper: AddressKeeper, fn: (scoped: App) => void): void {
  registerPart(app, { scope: 'address' }, (scoped) => scoped.addHook('onRequest', requireSecret(app, keeper)), fn);
}

function requireSecret({ limiter }: { readonly limiter: Limiter }, keeper: AddressKeeper) {
  return async function checkSecret(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { secret = '' } = request.params as { secret?: string };
    const spender = keeper.spenderOf(secret);
    if (spender === undefined) throw limiter.refuseAddress(request.ip) ?? noSuchAddress(limiter, request);
    // Before the look-up: secrets cannot be guessed as far as this, but one that has ended can be tried again without end.
    const spent = await limiter.spend(spender);
    const principal = await keeper.verify(secret);
    if (principal === undefined) throw noSuchAddress(limiter, request);
    request.principal = principal;
    // Not on refusals, where it would tell a secret that has ended from one that never was.
    reply.header('ratelimit', spent.field()).header('ratelimit-policy', limiter.policies(spender));
  };
}

function noSuchAddress(limiter: Limiter, { ip }: FastifyRequest): Problem {
  limiter.noteFailure(ip);
  return new Problem(NOT_FOUND);
}
