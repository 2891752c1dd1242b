// Route → required scope. Routes live inside `withScope`; a server with a route outside of it does not start.
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../platform/http/app.ts';
import { Problem } from '../platform/http/problem.ts';
import type { Admission, RateFields } from '../platform/http/remember-requests.ts';
import { StartFaults } from '../platform/start-faults.ts';
import type { CallerVerifier } from './caller-verifier.ts';
import { SCOPE_MISSING, TOKEN_MISSING } from './errors.ts';
import type { Limiter, Spent } from './limits/create-limiter.ts';
import { type Principal, principalOf, requireDomain } from './principal.ts';
import { isScope, type OpenedBy, type RouteScope, type Scope } from './scopes.ts';
import type { Watched } from './watch-callers.ts';

declare module 'fastify' {
  interface FastifyInstance {
    callerVerifier: CallerVerifier;
    limiter: Limiter;
    /** Only inside `withScope`: the caller, if this very `Authorization` was verified a moment ago and opens the routes of the scope. Not for one that has to be verified first. */
    admit(raw: IncomingMessage): Admission<Principal> | undefined;
  }
  interface FastifyContextConfig {
    /** What opens the route; set by `registerPart` only. */
    scope?: OpenedBy;
    /** A scope that opens the route as well. */
    orScope?: Scope;
  }
}

/** Makes the server verify tokens, limit requests, and refuse to start while any route, HEAD included, declares no scope or one that is not known. Register before any route. */
export function registerAccess(app: App, verifier: CallerVerifier, limiter: Limiter): void {
  app.decorate('callerVerifier', verifier);
  app.decorate('limiter', limiter);
  app.decorateRequest('principal', null);
  const routes: DeclaredRoute[] = [];
  // The route's options are kept, not copied: the hooks of `withScope` run after this one.
  app.addHook('onRoute', (route) => {
    routes.push(route as DeclaredRoute);
  });
  app.addHook('onReady', (done) => {
    const faults = routes.flatMap(scopeFaultsOf);
    done(faults.length === 0 ? undefined : new StartFaults(faults));
  });
}

interface DeclaredRoute {
  readonly method: string | string[];
  readonly url: string;
  readonly config?: { readonly scope?: string; readonly orScope?: string };
}

/** A scope that no token can carry would close a route for ever, or open it when somebody invents the scope. */
function scopeFaultsOf({ method, url, config: { scope, orScope } = {} }: DeclaredRoute): string[] {
  if (scope === undefined) return [`route ${method} ${url} declares no scope`];
  const isKnown = scope === 'public' || scope === 'any' || scope === 'address' || isScope(scope);
  return [...(isKnown ? [] : [scope]), ...(orScope === undefined || isScope(orScope) ? [] : [orScope])].map(
    (unknown) => `route ${method} ${url} asks for the unknown scope ${unknown}`,
  );
}

/**
 * Registers routes that ask for `scope` (`any`: any valid credential; `public`: none) or, where it is given, for `orScope` instead. `fn` gets its own encapsulated part of the server.
 * A request without the scope is answered 401 or 403 before its body is read and before any query.
 */
export function withScope(
  app: App,
  scope: RouteScope,
  fn: (scoped: App) => void | Promise<void>,
  orScope?: Scope,
): void {
  const guard = (scoped: App): void => {
    if (scope === 'public') return;
    const isEntitled = entitlement(scope, orScope);
    scoped.addHook('onRequest', requireScope(app, scope, isEntitled));
    scoped.addHook('preHandler', checkNamedDomain);
    scoped.decorate('admit', ({ headers }: IncomingMessage): Admission<Principal> | undefined => {
      const known = app.callerVerifier.known(headers.authorization);
      if (known === undefined || !isEntitled(known.principal)) return undefined;
      const { principal: caller, holds } = known;
      return { caller, holds, charge: () => chargeNow(app.limiter, caller) };
    });
  };
  registerPart(app, { scope, ...(orScope && { orScope }) }, guard, fn);
}

/** Registers an encapsulated part of the server, all of whose routes are marked with what opens them. `guard` adds the hooks that see to it. */
export function registerPart(
  app: App,
  marks: { readonly scope: OpenedBy; readonly orScope?: Scope },
  guard: (scoped: App) => void,
  fn: (scoped: App) => void | Promise<void>,
): void {
  void app.register((scoped, _options, done) => {
    scoped.addHook('onRoute', (route) => {
      const config = route.config as { scope?: OpenedBy } | undefined;
      if (config?.scope !== undefined && config.scope !== marks.scope) {
        throw new Error(`route ${route.method} ${route.url} is inside two scopes`);
      }
      route.config = { ...route.config, ...marks };
    });
    guard(scoped as App);
    // Also what `fn` throws at once must reach Fastify as a failed start.
    const registered = (async () => fn(scoped as App))();
    registered.then(() => done(), done);
  });
}

/** Watches over the caller of a request from now on, which was verified for it; `stop` it when the answer has ended. */
export function watchCaller(request: FastifyRequest): Watched {
  return request.server.callerVerifier.watch(request.headers.authorization ?? '', principalOf(request));
}

/** Takes the tokens of a request. @returns what to tell of them; undefined when there are none here */
function chargeNow(limiter: Limiter, caller: Principal): RateFields | 'plenty' | undefined {
  const spent = limiter.spendNow(caller);
  if (spent === undefined || spent.isPlenty()) return spent && 'plenty';
  return { ratelimit: spent.field(), policy: limiter.policies(caller) };
}

function entitlement(scope: Scope | 'any', orScope?: Scope) {
  return ({ scopes }: Principal): boolean =>
    scope === 'any' || scopes.has(scope) || (orScope !== undefined && scopes.has(orScope));
}

/** Scopes of what is released to everybody: asking the register would cost more than the answer. */
const REMEMBERED_SCOPES: readonly RouteScope[] = ['key-figures:read'];

function requireScope(
  { callerVerifier: verifier, limiter }: Pick<App, 'callerVerifier' | 'limiter'>,
  scope: Scope | 'any',
  isEntitled: (principal: Principal) => boolean,
) {
  // Callback style on purpose: with a known token nothing is awaited (a promise per request costs a tenth of the hot read).
  return function checkToken(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    const { authorization } = request.headers;
    const admit = (principal: Principal): void => {
      request.principal = principal;
      const enter = (spent: Spent): void => {
        reply.header('ratelimit', spent.field()).header('ratelimit-policy', limiter.policies(principal));
        done(isEntitled(principal) ? undefined : new Problem(SCOPE_MISSING, undefined, { scope }));
      };
      const spent = limiter.spendNow(principal);
      if (spent !== undefined) enter(spent);
      else limiter.spend(principal).then(enter, done);
    };
    const known = verifier.known(authorization)?.principal;
    // Released values rest on what is remembered, which changes are heard of within a second; for all else the register is asked each time.
    if (known !== undefined && (REMEMBERED_SCOPES.includes(scope) || !known.isRegistered)) {
      admit(known);
      return;
    }
    // What was verified a moment ago is no guess: an address that others fail from does not keep it out.
    const isUnknown = known === undefined && authorization !== undefined;
    const refusal = isUnknown ? limiter.refuseAddress(request.ip) : undefined;
    if (refusal !== undefined) {
      done(refusal);
      return;
    }
    verifier.verify(authorization).then(admit, (error: Error) => {
      if (isFailure(error)) limiter.noteFailure(request.ip);
      done(error);
    });
  };
}

/** Whether somebody showed a credential that does not work. Showing none costs nothing, and a database that is away is nobody's fault. */
function isFailure(error: unknown): boolean {
  return error instanceof Problem && error.type.status === 401 && error.type !== TOKEN_MISSING;
}

/**
 * A request that names a domain its caller has no part in is told so; without this it would find nothing there, for rows of other domains are not
 * visible to its transactions in the first place.
 */
function checkNamedDomain(request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void {
  const principal = principalOf(request);
  try {
    if (principal.domains !== null) {
      for (const part of [request.query, request.body] as ({ domain?: unknown } | null | undefined)[]) {
        if (typeof part?.domain === 'string') requireDomain(principal, part.domain);
      }
    }
    done();
  } catch (error) {
    done(error as Error);
  }
}
