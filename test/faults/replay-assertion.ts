// Sends one assertion to the token endpoint of a real service many times at once, over HTTP, and counts what came back.
// For the test (1 000 times) and the long form, `npm run replays` (10 000).
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { exportJWK, SignJWT } from 'jose';
import pg from 'pg';
import type { TestScope } from '../harness/database.ts';
import { WITHOUT_LIMITS } from '../harness/limits.ts';
import { startService, type TestService } from '../harness/service.ts';

const CONCURRENCY = 50;

export interface ReplayReport {
  /** Answers by status and code, e.g. `{ '200': 1, '401 invalid-client': 999 }`. */
  readonly answers: Readonly<Record<string, number>>;
  readonly tokens: number;
  /** Rows of the audit log that tell of a token, and of used assertions. */
  readonly recorded: number;
  readonly used: number;
  readonly seconds: number;
}

/** Replays one assertion `count` times at 50-way concurrency. */
export async function replayAssertion(t: TestScope, count: number): Promise<ReplayReport> {
  const service = await startService(t, { settings: WITHOUT_LIMITS });
  const { clientId, assertion } = await registerClient(service);
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  }).toString();
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  const answers: Record<string, number> = {};
  const tokens = new Set<string>();
  let left = count;
  const sender = async () => {
    while (left > 0) {
      left -= 1;
      const { status, body } = await post(`${service.url}/oauth2/token`, form, agent);
      const key = [status, body.code].join(' ').trim();
      answers[key] = (answers[key] ?? 0) + 1;
      if (body.access_token !== undefined) tokens.add(body.access_token);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: CONCURRENCY }, sender));
  const seconds = (performance.now() - started) / 1000;
  agent.destroy();
  return { answers, tokens: tokens.size, seconds, ...(await countRows(service, clientId)) };
}

async function registerClient(service: TestService): Promise<{ clientId: string; assertion: string }> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const body = { kind: 'municipality', name: 'LIS', contact: 'a@b.dk', scopes: ['raw-data:read'] };
  const { clientId } = (await (await service.call('POST', '/v1/clients', { body })).json()) as { clientId: string };
  await service.call('PUT', `/v1/clients/${clientId}/keys`, { body: { keys: [await exportJWK(publicKey)] } });
  const assertion = await new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg: 'EdDSA' })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(service.config.access.issuer)
    .setExpirationTime('300s')
    .sign(privateKey);
  return { clientId, assertion };
}

function post(url: string, form: string, agent: Agent) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(form.length) };
  return new Promise<{ status: number; body: { code?: string; access_token?: string } }>((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, body: JSON.parse(body) }), reject);
    });
    sent.on('error', reject);
    sent.end(form);
  });
}

async function countRows({ database }: TestService, clientId: string): Promise<{ recorded: number; used: number }> {
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  try {
    const { rows } = await owner.query<{ recorded: number; used: number }>(
      `select (select count(*)::int from audit_entry where client_id = $1 and operation = 'createToken') as recorded,
         (select count(*)::int from used_assertion where client_id = $1) as used`,
      [clientId],
    );
    return rows[0] ?? { recorded: -1, used: -1 };
  } finally {
    await owner.end();
  }
}
