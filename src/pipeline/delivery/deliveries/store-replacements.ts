// PostgreSQL of deliveries that make others good, whose package was revoked.
import type { TenantTx } from '../../../platform/postgres/tenancy.ts';

/** How many deliveries were made of the package. */
export async function countDeliveriesOf(tx: TenantTx, packageId: string): Promise<number> {
  const [row] = await tx.query<{ deliveries: number }>(
    'select count(*)::integer as deliveries from delivery where package_id = $1 and ready_at is not null',
    [packageId],
  );
  return row?.deliveries ?? 0;
}

/**
 * Adds a delivery for each subscription whose receivers hold the package: it is their last total, or a delta since. Whoever has taken a total after it
 * needs nothing. What is delivered is what was agreed for the newest delivery, in whose place it stands.
 * @returns the ids
 */
export async function insertReplacements(
  tx: TenantTx,
  packageId: string,
  promisedAt: Date,
  now: Date,
): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `insert into delivery (municipality_code, delivery_id, subscription_id, replaces, domain, due_on, promised_at, next_promised_at,
       agreed_kind, tables, formats, state, asked_at, created_at)
     select newest.municipality_code, gen_random_uuid(), newest.subscription_id, revoked.delivery_id, newest.domain, newest.due_on, $2,
            newest.next_promised_at, newest.agreed_kind, newest.tables, newest.formats, 'scheduled', $3, $3
       from (select distinct on (d.subscription_id) d.subscription_id, d.delivery_id from delivery d
              where d.package_id = $1 and d.ready_at >= (
                select max(t.ready_at) from delivery t
                  join package p on p.municipality_code = t.municipality_code and p.package_id = t.package_id
                 where t.subscription_id = d.subscription_id and p.kind = 'total')
              order by d.subscription_id, d.due_on desc, d.ready_at desc) revoked
      cross join lateral (select * from delivery n where n.subscription_id = revoked.subscription_id and n.ready_at is not null
                           order by n.due_on desc, n.ready_at desc limit 1) newest
     returning delivery_id as id`,
    [packageId, promisedAt, now],
  );
  return rows.map(({ id }) => id);
}
