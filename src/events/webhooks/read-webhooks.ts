// Reads a municipality's webhooks and what was sent to them.
import type pg from 'pg';
import { INVALID_CURSOR } from '../../platform/http/errors.ts';
import { decodeCursor, encodeCursor, PAGE_OF_LIST } from '../../platform/http/paging.ts';
import { NOT_FOUND, Problem } from '../../platform/http/problem.ts';
import { type Tenant, withTenant } from '../../platform/postgres/tenancy.ts';
import type { WebhookAndSecrets } from './manage-webhooks.ts';
import { type Attempt, findWebhook, listAttempts, listSecrets, listWebhooks } from './store.ts';

const READ_ONLY = { readOnly: true } as const;
const NUMBER = /^[1-9][0-9]{0,15}$/;

/** @returns all of them, the oldest first */
export function readWebhooks(pool: pg.Pool, tenant: Tenant): Promise<WebhookAndSecrets[]> {
  return withTenant(
    pool,
    tenant,
    async (tx) => {
      const found: WebhookAndSecrets[] = [];
      for (const webhook of await listWebhooks(tx))
        found.push({ webhook, secrets: await listSecrets(tx, webhook.webhookId) });
      return found;
    },
    READ_ONLY,
  );
}

/** @throws Problem `not-found` */
export function readWebhook(pool: pg.Pool, tenant: Tenant, webhookId: string): Promise<WebhookAndSecrets> {
  return withTenant(
    pool,
    tenant,
    async (tx) => {
      const webhook = await findWebhook(tx, webhookId);
      if (webhook === undefined) throw new Problem(NOT_FOUND);
      return { webhook, secrets: await listSecrets(tx, webhookId) };
    },
    READ_ONLY,
  );
}

/** @returns a page of attempts, newest first. @throws Problem `not-found`, `invalid-cursor` */
export async function readAttempts(
  pool: pg.Pool,
  tenant: Tenant,
  webhookId: string,
  query: { readonly cursor?: string | undefined; readonly limit?: string | undefined },
): Promise<{ readonly items: readonly Attempt[]; readonly cursor: string | null }> {
  const [before] = query.cursor === undefined ? [] : decodeCursor(query.cursor, 1);
  if (before !== undefined && !NUMBER.test(before)) throw new Problem(INVALID_CURSOR);
  const limit = Number(query.limit ?? PAGE_OF_LIST.items);
  const rows = await withTenant(
    pool,
    tenant,
    async (tx) => {
      if ((await findWebhook(tx, webhookId)) === undefined) throw new Problem(NOT_FOUND);
      return listAttempts(tx, webhookId, before === undefined ? undefined : Number(before), limit + 1);
    },
    READ_ONLY,
  );
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, cursor: rows.length > limit && last !== undefined ? encodeCursor([String(last.attempt)]) : null };
}
