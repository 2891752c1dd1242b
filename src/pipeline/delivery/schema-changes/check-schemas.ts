// Whether the tables may be declared as they are: what readers build on goes, or gets another type, only as it was announced. Every process asks before it
// starts; the worker then notes the new schemas, before it writes the first slice under them.
import type pg from 'pg';
import type { Catalogue } from '../../../domains/index.ts';
import { type PublishedTx, type Tx, withPublished } from '../../../platform/postgres/tenancy.ts';
import { StartFaults } from '../../../platform/start-faults.ts';
import { type Day, dayOf } from '../../../platform/time/local-time.ts';
import {
  type ColumnChange,
  changesBetween,
  describeSchema,
  isAmong,
  isSameSchema,
  NOTICE_DAYS,
  needsNotice,
  openColumns,
  permits,
  type SchemaChange,
} from './rules.ts';
import { listAllChanges, lockSchemas } from './store.ts';
import { type CarriedOut, insertVersion, listNewestVersions, type SchemaVersion } from './store-versions.ts';

/** A table that is declared otherwise than it was, or for the first time. */
interface Redeclaration {
  readonly version: SchemaVersion;
  readonly carriesOut: readonly CarriedOut[];
  /** What nobody announced in time, and what is known of each. */
  readonly unannounced: readonly string[];
}

/** @returns a line for each table that is declared as it may not be yet; nothing is written */
export async function findSchemaFaults(tx: Tx, catalogue: Catalogue, today: Day): Promise<string[]> {
  return (await compareSchemas(tx, catalogue, today)).flatMap(describeFault);
}

/** Notes what is declared now as the schemas that hold. @throws StartFaults when something may not be declared so yet; then nothing is noted */
export function recordSchemas({
  pool,
  catalogue,
  clock,
}: {
  readonly pool: pg.Pool;
  readonly catalogue: Catalogue;
  readonly clock: () => Date;
}): Promise<void> {
  const today = dayOf(clock());
  return withPublished(pool, async (tx: PublishedTx) => {
    // Another worker may start with other declarations, and an announcement be withdrawn, at this very moment.
    await lockSchemas(tx);
    const redeclared = await compareSchemas(tx, catalogue, today);
    const faults = redeclared.flatMap(describeFault);
    if (faults.length > 0) throw new StartFaults(faults);
    for (const { version, carriesOut } of redeclared) await insertVersion(tx, version, today, carriesOut);
  });
}

async function compareSchemas(tx: Tx, catalogue: Catalogue, today: Day): Promise<Redeclaration[]> {
  const newest = new Map((await listNewestVersions(tx)).map((version) => [version.table, version]));
  const announced = Map.groupBy(await listAllChanges(tx), ({ table }) => table);
  const declared = catalogue.domains.flatMap(({ tables }) => tables.map(({ name }) => name));
  return [...new Set([...declared, ...newest.keys()])].sort().flatMap((name) => {
    const after = describeSchema(catalogue.table(name)?.table);
    const before = newest.get(name);
    if (before !== undefined && isSameSchema(before, after)) return [];
    const version = { table: name, version: (before?.version ?? 0) + 1, ...after };
    const changes = before === undefined ? [] : changesBetween(before, after);
    const own = announced.get(name) ?? [];
    const carriesOut = own.flatMap((each) =>
      openColumns(each)
        .filter((open) => isAmong(open, changes))
        .map(({ column }) => ({ schemaChange: each.id, column })),
    );
    const unannounced = changes
      .filter((change) => needsNotice(change) && !own.some((each) => permits(each, change, today)))
      .map((change) => describeLack(change, own));
    return [{ version, carriesOut, unannounced }];
  });
}

function describeLack(change: ColumnChange, announced: readonly SchemaChange[]): string {
  const open = announced.find((each) => isAmong(change, openColumns(each)));
  const isWithdrawn = announced.some(({ withdrawal, columns }) => withdrawal !== null && isAmong(change, columns));
  const withdrawn = isWithdrawn ? ' (its announcement was withdrawn)' : '';
  const known = open === undefined ? withdrawn : ` (announced for ${open.effectiveOn})`;
  return `${change.column} ${change.change}${change.change === 'retyped' ? ` as ${change.type}` : ''}${known}`;
}

function describeFault({ version: { table }, unannounced }: Redeclaration): string[] {
  if (unannounced.length === 0) return [];
  return [
    `schema-change-not-announced: table ${table}: ${unannounced.join(', ')}. Declare it as before, or announce this with POST /v1/schema-changes ${NOTICE_DAYS} days ahead and start from that day on`,
  ];
}
