// Brings what verifies the signed tenant context into the database: its role, its schema, and the keys. Part of migrate.ts.
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { ensureRole, retryConcurrentUpdate } from './roles.ts';
import { CONTEXT_ROLE, contextKeyOf, padsOf } from './schema/index.ts';

const CONTEXT = new URL('./context.sql', import.meta.url);

/** Makes or renews schema `context`, all of which belongs to a role of its own; lets `roles` verify, and nothing else. */
export async function ensureContext(client: pg.Client, secret: Uint8Array, roles: readonly string[]): Promise<void> {
  await ensureRole(client, { name: CONTEXT_ROLE });
  // Who made a role may administer it, and must still say that it will act as it. A superuser need not.
  const { rows } = await client.query<{ may: boolean }>(`select pg_has_role($1, 'set') as may`, [CONTEXT_ROLE]);
  if (rows[0]?.may !== true)
    await retryConcurrentUpdate(() =>
      client.query(`grant ${CONTEXT_ROLE} to current_user with inherit false, set true`),
    );
  const users = roles.map((role) => pg.escapeIdentifier(role)).join(', ');
  await client.query('begin');
  try {
    await client.query(`create schema if not exists context authorization ${CONTEXT_ROLE}`);
    await client.query(`set local role ${CONTEXT_ROLE}`);
    await client.query(await readFile(CONTEXT, 'utf8'));
    await storeKey(client, secret);
    // The owner makes functions that call the one here; calling it is another right, which the owner does not get.
    await client.query(`grant usage on schema context to session_user, ${users};
      grant execute on function context.verified() to ${users}`);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

/**
 * Makes the key of `secret` the current one. The one that was current before stays in force, for processes that have the old secret still; the
 * next migration, which finds the current key in place, removes it.
 */
async function storeKey(client: pg.Client, secret: Uint8Array): Promise<void> {
  const key = contextKeyOf(secret);
  const { inner, outer } = padsOf(key);
  const { rows } = await client.query<{ key_id: string }>('select key_id from context.key order by since desc limit 1');
  const before = rows[0]?.key_id ?? key.keyId;
  if (before !== key.keyId || rows.length === 0)
    await client.query(
      `insert into context.key values ($1, $2, $3, clock_timestamp()) on conflict (key_id) do update set since = excluded.since`,
      [key.keyId, inner, outer],
    );
  await client.query('delete from context.key where key_id <> all ($1)', [[key.keyId, before]]);
}
