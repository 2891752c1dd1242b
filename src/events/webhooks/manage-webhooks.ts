// Registering webhooks, exchanging their secrets, and asking for tests and replays. Each is one transaction with its audit row; the worker does the sending.
import { randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { writeAudit } from '../../access/index.ts';
import { INVALID_REQUEST } from '../../platform/http/errors.ts';
import { NOT_FOUND, Problem } from '../../platform/http/problem.ts';
import { readTime } from '../../platform/http/wire-forms.ts';
import { type Tenant, type TenantTx, withTenant } from '../../platform/postgres/tenancy.ts';
import { seal } from '../../platform/sealed.ts';
import * as errors from './errors.ts';
import { newSecret, readWebhookUrl } from './rules.ts';
import {
  countWebhooks,
  deleteSecret,
  deleteWebhook,
  insertSecret,
  insertWebhook,
  listSecrets,
  type Secret,
  setStatus,
  takeWebhook,
  type Webhook,
} from './store.ts';
import { insertProbe, requeueEvents } from './store-messages.ts';

export interface WebhookDeps {
  readonly pool: pg.Pool;
  readonly secrets: { readonly rootSecret: Uint8Array };
}

/** Webhooks of a municipality. */
export const MOST_WEBHOOKS = 10;
/** Hours for which a secret that was replaced signs still. */
export const OVERLAP_HOURS = 24;

/** What the secret of a webhook is sealed for, and under which name. */
export const SEALED_FOR = 'webhook-secret';
export const sealedName = (municipality: string, webhookId: string) => `${municipality}/${webhookId}`;

/** A webhook with the secrets that sign now. */
export interface WebhookAndSecrets {
  readonly webhook: Webhook;
  readonly secrets: readonly Secret[];
}

export interface NewWebhook {
  readonly url: string;
  readonly types?: readonly string[] | null;
  readonly domains?: readonly string[] | null;
}

/** Registers a webhook and challenges it. @returns it, and its secret, which nobody sees again. @throws Problem `webhook-url`, `webhook-domains`, `too-many-webhooks` */
export function createWebhook(
  { pool, secrets }: WebhookDeps,
  tenant: Tenant,
  wanted: NewWebhook,
): Promise<WebhookAndSecrets & { readonly secret: string }> {
  const url = readWebhookUrl(wanted.url);
  if (url === undefined) throw new Problem(errors.WEBHOOK_URL);
  const domains = wanted.domains ?? tenant.domains;
  const allowed = tenant.domains;
  if (allowed !== null && domains?.some((domain) => !allowed.includes(domain)))
    throw new Problem(errors.BEYOND_DOMAINS);
  const webhookId = randomUUID();
  return withTenant(pool, tenant, async (tx) => {
    if ((await countWebhooks(tx)) >= MOST_WEBHOOKS) throw new Problem(errors.TOO_MANY_WEBHOOKS);
    await insertWebhook(tx, { webhookId, url, types: wanted.types ?? null, domains });
    const secret = await addSecret(tx, secrets.rootSecret, webhookId);
    await sendChallenge(tx, webhookId);
    await writeAudit(tx, 'createWebhook', { webhook: webhookId, types: wanted.types?.join(' ') ?? null });
    const webhook = (await takeWebhook(tx, webhookId)) as Webhook;
    return { webhook, secrets: await listSecrets(tx, webhookId), secret };
  });
}

async function addSecret(tx: TenantTx, rootSecret: Uint8Array, webhookId: string): Promise<string> {
  const { bytes, text } = newSecret();
  const sealed = seal(rootSecret, SEALED_FOR, sealedName(tx.tenant.municipality, webhookId), bytes);
  await insertSecret(tx, { webhookId, secretId: randomUUID(), sealed }, OVERLAP_HOURS);
  return text;
}

function sendChallenge(tx: TenantTx, webhookId: string): Promise<void> {
  const challenge = randomBytes(24).toString('base64url');
  return insertProbe(tx, { webhookId, messageId: randomUUID(), kind: 'challenge', challenge });
}

/** Runs `fn` on a webhook that the caller has part in. @throws Problem `not-found` */
function withWebhook<T>(
  pool: pg.Pool,
  tenant: Tenant,
  webhookId: string,
  fn: (tx: TenantTx, webhook: Webhook) => Promise<T>,
): Promise<T> {
  return withTenant(pool, tenant, async (tx) => {
    const webhook = await takeWebhook(tx, webhookId);
    if (webhook === undefined) throw new Problem(NOT_FOUND);
    return fn(tx, webhook);
  });
}

/** Takes a webhook away with its messages and attempts. @returns it as it was. @throws Problem `not-found` */
export function removeWebhook({ pool }: WebhookDeps, tenant: Tenant, webhookId: string): Promise<WebhookAndSecrets> {
  return withWebhook(pool, tenant, webhookId, async (tx, webhook) => {
    const secrets = await listSecrets(tx, webhookId);
    await deleteWebhook(tx, webhookId);
    await writeAudit(tx, 'deleteWebhook', { webhook: webhookId });
    return { webhook, secrets };
  });
}

/** Makes a new secret; the one before signs beside it for a day. @throws Problem `not-found`, `webhook-secrets` while two are live */
export function rotateSecret(
  { pool, secrets }: WebhookDeps,
  tenant: Tenant,
  webhookId: string,
): Promise<WebhookAndSecrets & { readonly secret: string }> {
  return withWebhook(pool, tenant, webhookId, async (tx, webhook) => {
    if ((await listSecrets(tx, webhookId)).length > 1) throw new Problem(errors.TWO_SECRETS);
    const secret = await addSecret(tx, secrets.rootSecret, webhookId);
    const live = await listSecrets(tx, webhookId);
    await writeAudit(tx, 'rotateWebhookSecret', { webhook: webhookId, secret: live[0]?.secretId ?? null });
    return { webhook, secrets: live, secret };
  });
}

/** Ends a secret that was replaced at once. @throws Problem `not-found`, `webhook-secrets` for the newest */
export function revokeSecret(
  { pool }: WebhookDeps,
  tenant: Tenant,
  webhookId: string,
  secretId: string,
): Promise<WebhookAndSecrets> {
  return withWebhook(pool, tenant, webhookId, async (tx, webhook) => {
    const live = await listSecrets(tx, webhookId);
    const secret = live.find((each) => each.secretId === secretId);
    if (secret === undefined) throw new Problem(NOT_FOUND);
    if (secret.expiresAt === null) throw new Problem(errors.TWO_SECRETS);
    await deleteSecret(tx, webhookId, secretId);
    await writeAudit(tx, 'revokeWebhookSecret', { webhook: webhookId, secret: secretId });
    return { webhook, secrets: live.filter((each) => each !== secret) };
  });
}

/** Queues a test event; a webhook that is not active is challenged instead. @returns what was queued. @throws Problem `not-found` */
export function requestTest(
  { pool }: WebhookDeps,
  tenant: Tenant,
  webhookId: string,
): Promise<'webhook.test' | 'webhook.challenge'> {
  return withWebhook(pool, tenant, webhookId, async (tx, { status }) => {
    const type = status === 'active' ? 'webhook.test' : 'webhook.challenge';
    if (status === 'active') {
      await insertProbe(tx, { webhookId, messageId: randomUUID(), kind: 'test', challenge: null });
    } else {
      await setStatus(tx, webhookId, 'pending');
      await sendChallenge(tx, webhookId);
    }
    await writeAudit(tx, 'testWebhook', { webhook: webhookId, type });
    return type;
  });
}

/** Queues events again: one by its id, or all since a time. @returns how many. @throws Problem `not-found`, `webhook-not-active`, `invalid-request` */
export function requestReplay(
  { pool }: WebhookDeps,
  tenant: Tenant,
  webhookId: string,
  which: { readonly event?: string; readonly since?: string },
): Promise<number> {
  if ((which.event === undefined) === (which.since === undefined))
    throw new Problem(INVALID_REQUEST, undefined, {
      faults: [{ place: 'body', expected: 'either `event` or `since`' }],
    });
  const since = which.since === undefined ? null : readTime(which.since, 'body/since');
  return withWebhook(pool, tenant, webhookId, async (tx, webhook) => {
    if (webhook.status !== 'active') throw new Problem(errors.WEBHOOK_NOT_ACTIVE);
    const events = await requeueEvents(tx, webhook, { eventId: which.event ?? null, since });
    if (events === 0 && which.event !== undefined) throw new Problem(NOT_FOUND);
    await writeAudit(tx, 'replayWebhook', { webhook: webhookId, event: which.event ?? null, rows: events });
    return events;
  });
}
