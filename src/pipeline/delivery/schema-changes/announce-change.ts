// Announces a change of a table, and withdraws one: the operator's. Everybody hears of either by an event, in the same transaction.
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { writeOperatorAudit } from '../../../access/index.ts';
import type { Catalogue } from '../../../domains/index.ts';
import { appendNationwideEvent } from '../../../events/index.ts';
import { NOT_FOUND, Problem } from '../../../platform/http/problem.ts';
import { type PublishedTx, withPublished } from '../../../platform/postgres/tenancy.ts';
import { type Day, dayOf } from '../../../platform/time/local-time.ts';
import * as errors from './errors.ts';
import {
  type ColumnChange,
  describeSchema,
  earliestDay,
  findMisfits,
  NOTICE_DAYS,
  openColumns,
  type SchemaChange,
} from './rules.ts';
import { findChange, insertChange, insertWithdrawal, listAllChanges, lockSchemas } from './store.ts';

export interface SchemaChangeDeps {
  readonly pool: pg.Pool;
  readonly catalogue: Catalogue;
  readonly clock: () => Date;
}

export interface Announcement {
  readonly table: string;
  readonly effectiveOn: Day;
  readonly columns: readonly (Omit<ColumnChange, 'type'> & { readonly type?: ColumnChange['type'] })[];
  readonly description: { readonly da: string; readonly en: string };
}

type Caller = { readonly clientId: string; readonly requestId: string };

/** @throws Problem `schema-change-misfit`, `schema-change-notice`, `schema-change-conflict` */
export function announceChange(
  { pool, catalogue, clock }: SchemaChangeDeps,
  caller: Caller,
  { table, effectiveOn, description, ...wanted }: Announcement,
): Promise<SchemaChange> {
  const columns = wanted.columns.map(({ column, change, type = null }) => ({ column, change, type }));
  const found = catalogue.table(table);
  const faults =
    found === undefined
      ? [{ place: 'body/table', expected: 'a table that is declared' }]
      : findMisfits(describeSchema(found.table), columns);
  if (found === undefined || faults.length > 0) throw new Problem(errors.SCHEMA_CHANGE_MISFIT, undefined, { faults });
  const at = clock();
  const earliest = earliestDay(columns, dayOf(at));
  if (effectiveOn < earliest)
    throw new Problem(errors.SCHEMA_CHANGE_NOTICE, undefined, { earliest, noticeDays: NOTICE_DAYS });
  const id = randomUUID();
  return withPublished(pool, async (tx) => {
    await lockSchemas(tx);
    await refuseSecond(tx, table, columns);
    const change = { id, table, domain: found.domain.id, effectiveOn, columns, description };
    await insertChange(tx, change, { at, by: caller.clientId });
    await writeOperatorAudit(tx, caller, 'createSchemaChange', { schemaChange: id, table });
    return tell(tx, id, 'planned');
  });
}

/** Two open changes of a column would contradict one another, or let it be changed twice with one notice. */
async function refuseSecond(tx: PublishedTx, table: string, columns: readonly ColumnChange[]): Promise<void> {
  const names = columns.map(({ column }) => column);
  const other = (await listAllChanges(tx)).find(
    (each) => each.table === table && openColumns(each).some(({ column }) => names.includes(column)),
  );
  if (other !== undefined) throw new Problem(errors.SCHEMA_CHANGE_CONFLICT, undefined, { schemaChange: other.id });
}

/** From then on the change permits nothing. @throws Problem `not-found`, `schema-change-closed` */
export function withdrawChange(
  { pool, clock }: SchemaChangeDeps,
  caller: Caller,
  id: string,
  reason: string,
): Promise<SchemaChange> {
  return withPublished(pool, async (tx) => {
    await lockSchemas(tx);
    const change = await findChange(tx, id);
    if (change === undefined) throw new Problem(NOT_FOUND);
    if (openColumns(change).length === 0) throw new Problem(errors.SCHEMA_CHANGE_CLOSED);
    await insertWithdrawal(tx, id, { reason, at: clock(), by: caller.clientId });
    await writeOperatorAudit(tx, caller, 'withdrawSchemaChange', { schemaChange: id, table: change.table });
    return tell(tx, id, 'withdrawn');
  });
}

/** @returns the change as it is now */
async function tell(tx: PublishedTx, id: string, state: 'planned' | 'withdrawn'): Promise<SchemaChange> {
  const change = await findChange(tx, id);
  if (change === undefined) throw new Error('a change that was just written is not there');
  const { domain, effectiveOn, columns } = change;
  const data = { schemaChange: id, effectiveOn, columns: columns.length, state };
  await appendNationwideEvent(tx, { type: 'schema.change-planned', domain, data });
  return change;
}
