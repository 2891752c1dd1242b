// PostgreSQL of price lists: read by everybody, added by the operator, never changed.
import type { PublishedTx, Tx } from '../../../platform/postgres/tenancy.ts';
import type { Day } from '../../../platform/time/local-time.ts';
import type { PriceList } from './rules.ts';

/** A list as it is kept. */
export type KeptPriceList = PriceList & { readonly addedAt: Date };

const COLUMNS = `valid_from as "validFrom", joining_fee as "joiningFee", rates, factors, inhabitants, source, added_at as "addedAt"`;

/** @returns the lists that are in force on some day from `from` to `to`, both included, in order; `to` null: without an end. */
export function listBetween(tx: Tx, from: Day, to: Day | null): Promise<KeptPriceList[]> {
  return tx.query<KeptPriceList>(
    `select ${COLUMNS} from price_list
      where ($2::date is null or valid_from <= $2::date)
        and valid_from >= coalesce((select max(valid_from) from price_list where valid_from <= $1::date), $1::date)
      order by price_list.valid_from`,
    [from, to],
  );
}

/** @returns the list that begins last. */
export async function findLast(tx: Tx): Promise<KeptPriceList | undefined> {
  return (
    await tx.query<KeptPriceList>(`select ${COLUMNS} from price_list order by price_list.valid_from desc limit 1`)
  )[0];
}

/** Until the transaction ends, nobody else adds a list. */
export async function lockLists(tx: PublishedTx): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('price list', 0))`);
}

/** @returns the list; undefined when it would begin today or earlier, or on the day of another one, and was not added */
export async function insertPriceList(
  tx: PublishedTx,
  { validFrom, joiningFee, rates, factors, inhabitants, source }: PriceList,
  addedBy: string,
): Promise<KeptPriceList | undefined> {
  const [row] = await tx.query<KeptPriceList>(
    `insert into price_list (valid_from, joining_fee, rates, factors, inhabitants, source, added_by)
     select $1::date, $2, $3, $4, $5, $6, $7 where $1::date > (now() at time zone 'Europe/Copenhagen')::date
     on conflict (valid_from) do nothing returning ${COLUMNS}`,
    [
      ...[validFrom, joiningFee, JSON.stringify(rates), JSON.stringify(factors), JSON.stringify(inhabitants)],
      ...[source, addedBy],
    ],
  );
  return row;
}
