// A vendor with a key and a municipality that can give it mandates, and the tokens that both get from the token endpoint.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';
import type { Scope } from '../../src/access/index.ts';
import type { TestService } from '../harness/service.ts';

/** Whatever an answer holds. */
export type Json = ReturnType<typeof JSON.parse>;

const ISSUER = 'urn:flis:test';
const pair = generateKeyPairSync('ed25519');
export const VENDOR_SCOPES: readonly Scope[] = [
  ...(['raw-data:read', 'key-figures:read', 'events:read', 'source:write', 'source:read'] as const),
  ...(['subscriptions:read', 'subscriptions:manage'] as const),
];

export interface Wish {
  readonly municipality?: string;
  readonly domains?: readonly string[];
  readonly scopes?: readonly Scope[];
  readonly purpose?: string;
  readonly endsOn?: string;
}

/** A new assertion of a client whose key is the scene's. */
export function assertionOf(clientId: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const payload = { iss: clientId, sub: clientId, aud: ISSUER, exp: now + 60, jti: randomUUID() };
  return new SignJWT(payload).setProtectedHeader({ alg: 'EdDSA' }).sign(pair.privateKey);
}

export function daysAhead(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
}

export async function openMandateScene(service: TestService) {
  const answerOf = async (response: Response) => ({
    status: response.status,
    body: (await response.json()) as Record<string, Json>,
  });
  const keys = [await exportJWK(pair.publicKey)];

  /** Registered by the operator, with the scene's key. */
  const newClient = async (client: object): Promise<string> => {
    const body = { name: 'LIS Leverandør', contact: 'drift@lis.example', ...client };
    const operator = { caller: { municipality: null } };
    const { clientId } = (await answerOf(await service.call('POST', '/v1/clients', { ...operator, body }))).body;
    await service.call('PUT', `/v1/clients/${clientId}/keys`, { ...operator, body: { keys } });
    return clientId as string;
  };
  const newVendor = (changes: object = {}): Promise<string> =>
    newClient({ kind: 'vendor', scopes: [...VENDOR_SCOPES, 'mandates:propose'], ...changes });

  const requestToken = async (clientId: string, more: Record<string, string> = {}) => {
    const form = {
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await assertionOf(clientId),
      ...more,
    };
    return answerOf(
      await fetch(new URL('/oauth2/token', service.url), { method: 'POST', body: new URLSearchParams(form) }),
    );
  };
  const tokenOf = async (clientId: string, more: Record<string, string> = {}): Promise<string> =>
    (await requestToken(clientId, more)).body.access_token;

  /** With a token of the token endpoint. */
  const ask = async (token: string, path: string, method = 'GET', body?: unknown) =>
    answerOf(
      await service.call(method, path, {
        caller: null,
        headers: { authorization: `Bearer ${token}` },
        ...(body === undefined ? {} : { body }),
      }),
    );

  const propose = async (clientId: string, wish: Wish = {}) =>
    ask(await tokenOf(clientId), '/v1/mandates', 'POST', {
      municipality: '615',
      domains: ['borger'],
      scopes: ['raw-data:read', 'key-figures:read'],
      purpose: 'Ledelsesinformation',
      endsOn: daysAhead(30),
      ...wish,
    });

  /** As a client of the municipality. */
  const decide = async (mandateId: string, what: 'approve' | 'end', municipality = '615') =>
    answerOf(await service.call('POST', `/v1/mandates/${mandateId}/${what}`, { caller: { municipality } }));

  const newMandate = async (clientId: string, wish: Wish = {}): Promise<string> => {
    const { mandateId } = (await propose(clientId, wish)).body;
    await decide(mandateId, 'approve', wish.municipality);
    return mandateId as string;
  };

  return { answerOf, newClient, newVendor, requestToken, tokenOf, ask, propose, decide, newMandate };
}
