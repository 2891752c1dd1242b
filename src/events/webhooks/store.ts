// PostgreSQL of the register of webhooks: endpoints and their secrets, as their municipality sees them, and the log of attempts.
import type { TenantTx } from '../../platform/postgres/tenancy.ts';

export interface Secret {
  readonly secretId: string;
  readonly createdAt: Date;
  /** Null: the newest. */
  readonly expiresAt: Date | null;
}

export interface Webhook {
  readonly webhookId: string;
  readonly url: string;
  readonly types: readonly string[] | null;
  readonly domains: readonly string[] | null;
  readonly status: 'pending' | 'active' | 'disabled';
  readonly disabledReason: string | null;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly failingSince: Date | null;
}

const COLUMNS = `webhook_id as "webhookId", url, types, domains, status, disabled_reason as "disabledReason", created_at as "createdAt",
  created_by as "createdBy", failing_since as "failingSince"`;
/** Who is restricted to domains has part in those webhooks alone that get nothing else. */
const WITHIN = '($2::text[] is null or domains <@ $2)';

export async function insertWebhook(
  tx: TenantTx,
  webhook: Pick<Webhook, 'webhookId' | 'url' | 'types' | 'domains'>,
): Promise<void> {
  await tx.query(
    `insert into webhook (municipality_code, webhook_id, url, types, domains, status, created_by) values ($1, $2, $3, $4, $5, 'pending', $6)`,
    [tx.tenant.municipality, webhook.webhookId, webhook.url, webhook.types, webhook.domains, tx.tenant.clientId],
  );
}

/** Makes registrations of a municipality wait for each other. @returns how many webhooks it has */
export async function countWebhooks(tx: TenantTx): Promise<number> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 5))`, [`webhooks ${tx.tenant.municipality}`]);
  const [found] = await tx.query<{ count: number }>(
    'select count(*)::int as count from webhook where municipality_code = $1',
    [tx.tenant.municipality],
  );
  return found?.count ?? 0;
}

export function listWebhooks(tx: TenantTx): Promise<Webhook[]> {
  return tx.query<Webhook>(
    `select ${COLUMNS} from webhook where municipality_code = $1 and ${WITHIN} order by created_at, webhook_id`,
    [tx.tenant.municipality, tx.tenant.domains],
  );
}

/** Locks the row, so that what is decided by it still holds at the commit. */
export async function takeWebhook(tx: TenantTx, webhookId: string): Promise<Webhook | undefined> {
  const [webhook] = await tx.query<Webhook>(
    `select ${COLUMNS} from webhook where municipality_code = $1 and ${WITHIN} and webhook_id = $3 for update`,
    [tx.tenant.municipality, tx.tenant.domains, webhookId],
  );
  return webhook;
}

export async function findWebhook(tx: TenantTx, webhookId: string): Promise<Webhook | undefined> {
  const [webhook] = await tx.query<Webhook>(
    `select ${COLUMNS} from webhook where municipality_code = $1 and ${WITHIN} and webhook_id = $3`,
    [tx.tenant.municipality, tx.tenant.domains, webhookId],
  );
  return webhook;
}

export async function setStatus(
  tx: TenantTx,
  webhookId: string,
  status: Webhook['status'],
  reason: string | null = null,
): Promise<void> {
  await tx.query(
    'update webhook set status = $3, disabled_reason = $4 where municipality_code = $1 and webhook_id = $2',
    [tx.tenant.municipality, webhookId, status, reason],
  );
}

/** Notes whether the newest attempt got through. */
export async function noteAttempt(tx: TenantTx, webhookId: string, delivered: boolean): Promise<void> {
  const failing = delivered ? 'failing_since is not null' : 'failing_since is null';
  await tx.query(
    `update webhook set failing_since = case when $3 then null else now() end
     where municipality_code = $1 and webhook_id = $2 and ${failing}`,
    [tx.tenant.municipality, webhookId, delivered],
  );
}

/** Takes a webhook away with all that is of it. The audit log keeps that it was there. */
export async function deleteWebhook(tx: TenantTx, webhookId: string): Promise<void> {
  for (const table of ['webhook_attempt', 'webhook_message', 'webhook_secret', 'webhook'])
    await tx.query(`delete from ${table} where municipality_code = $1 and webhook_id = $2`, [
      tx.tenant.municipality,
      webhookId,
    ]);
}

/** Adds a secret; the one that was newest signs beside it for `overlap` hours more. */
export async function insertSecret(
  tx: TenantTx,
  secret: { readonly webhookId: string; readonly secretId: string; readonly sealed: Uint8Array },
  overlap: number,
): Promise<void> {
  const { webhookId, secretId, sealed } = secret;
  await tx.query(
    `update webhook_secret set expires_at = now() + make_interval(hours => $3)
     where municipality_code = $1 and webhook_id = $2 and expires_at is null`,
    [tx.tenant.municipality, webhookId, overlap],
  );
  await tx.query(
    'insert into webhook_secret (municipality_code, webhook_id, secret_id, sealed) values ($1, $2, $3, $4)',
    [tx.tenant.municipality, webhookId, secretId, sealed],
  );
}

/** Secrets that sign now, the newest first. */
export function listSecrets(tx: TenantTx, webhookId: string): Promise<Secret[]> {
  return tx.query<Secret>(
    `select secret_id as "secretId", created_at as "createdAt", expires_at as "expiresAt" from webhook_secret
     where municipality_code = $1 and webhook_id = $2 and (expires_at is null or expires_at > now())
     order by expires_at desc nulls first`,
    [tx.tenant.municipality, webhookId],
  );
}

export async function deleteSecret(tx: TenantTx, webhookId: string, secretId: string): Promise<void> {
  await tx.query('delete from webhook_secret where municipality_code = $1 and webhook_id = $2 and secret_id = $3', [
    tx.tenant.municipality,
    webhookId,
    secretId,
  ]);
}

/** An attempt as the municipality reads it. */
export interface Attempt {
  readonly attempt: number;
  readonly messageId: string;
  readonly type: string;
  readonly at: Date;
  readonly durationMs: number;
  readonly outcome: string;
  readonly status: number | null;
}

/** Attempts with numbers below `before`, newest first. */
export function listAttempts(
  tx: TenantTx,
  webhookId: string,
  before: number | undefined,
  limit: number,
): Promise<Attempt[]> {
  return tx.query<Attempt>(
    `select attempt, message_id as "messageId", type, at, duration_ms as "durationMs", outcome, status from webhook_attempt
     where municipality_code = $1 and webhook_id = $2 and attempt < coalesce($3::bigint, 9223372036854775807)
     order by attempt desc limit $4`,
    [tx.tenant.municipality, webhookId, before, limit],
  );
}
