// Brings a municipality's slices of a domain to the current declaration, as a revision of kind `schema`: new nullable columns are null,
// removed columns go, values must survive a changed type. What cannot be brought over fails with the column's name; nothing is guessed.
import type pg from 'pg';
import type { Domain, Table } from '../../domains/definition.ts';
import type { Catalogue } from '../../domains/index.ts';
import type { Duck } from '../../platform/duckdb/duckdb.ts';
import type { DuckDbPool } from '../../platform/duckdb/pool.ts';
import { type SystemTx, type Tenant, withSystem, withTenant } from '../../platform/postgres/tenancy.ts';
import type { JobSender } from '../../platform/queue/queue.ts';
import type { ObjectStorage } from '../../platform/storage/storage.ts';
import { ALL, periodKindOf } from '../../platform/time/period.ts';
import {
  type HeldSlice,
  isIdentityTable,
  latestRevision,
  readRevision,
  type SliceSpec,
  schemaHashOf,
  writeSlices,
} from '../../slices/index.ts';
import { checkState } from '../quality/index.ts';
import { REVISE } from '../queues.ts';
import { LoadFault } from './errors.ts';
import { announceRevision, changedSlices, checkFiles, type PublishDeps } from './publish-delivery.ts';
import { storedRows } from './store-duckdb.ts';
import { insertRevision, insertRuleResults, insertSliceChanges, insertSlices, lockRevisions } from './store-publish.ts';
import { listOutdated, listPeriods, redeclaredRows, redeclareRows } from './store-redeclare.ts';

export interface ResliceDeps extends PublishDeps {
  readonly catalogue: Catalogue;
  readonly duckdb: DuckDbPool;
}

/** Run at worker start: enqueues a `reslice` for every (municipality, domain) that holds slices of another declaration. @returns how many */
export function enqueueReslices(deps: {
  readonly pool: pg.Pool;
  readonly jobs: JobSender;
  readonly catalogue: Catalogue;
}): Promise<number> {
  const declared = deps.catalogue.domains.flatMap(({ tables }) =>
    tables.map((table) => ({ table: table.name, schemaHash: schemaHashOf(table) })),
  );
  return withSystem(deps.pool, 'slices of changed declarations', async (tx: SystemTx) => {
    const outdated = await listOutdated(tx, declared);
    for (const { municipality, domain } of outdated) {
      await deps.jobs.send(tx, REVISE, `${municipality}:${domain}`, { municipality, domain, task: 'reslice' });
    }
    return outdated.length;
  });
}

/** Publishes a revision of kind `schema` unless everything is as declared. @throws LoadFault `reslice-impossible` */
export async function resliceDomain(deps: ResliceDeps, tenant: Tenant, id: string, signal: AbortSignal): Promise<void> {
  const domain = deps.catalogue.domain(id);
  if (domain === undefined) throw new LoadFault('unknown-domain');
  const { base, held } = await withTenant(deps.pool, tenant, async (tx) => {
    const latest = await latestRevision(tx, id);
    return { base: latest, held: await readRevision(tx, id, latest) };
  });
  if (!isOutdated(domain, held)) return;
  await deps.duckdb.run(async (duck) => {
    const redeclared = await redeclare(duck, deps.storage, domain, held);
    const specs = redeclared.flatMap(({ table, rows, periods }) =>
      periods.map(
        (period): SliceSpec => ({
          municipality: tenant.municipality,
          domain: id,
          table,
          period,
          rows: rows([period]),
        }),
      ),
    );
    const slices = await writeSlices(duck, deps.storage, specs, held);
    const changed = changedSlices(held, slices);
    const state = await checkState(duck, {
      domain,
      rulesAtOnce: 1,
      changed,
      handedIn: new Date().toISOString().slice(0, 7),
      periodsOf: (name) => redeclared.find(({ table }) => table.name === name)?.periods ?? [],
      rowsOf: (table, periods) =>
        redeclared.find((each) => each.table === table)?.rows(periods) ?? storedRows(table, []),
    });
    const gone = held.filter(
      ({ table, period }) => !slices.some((slice) => slice.table === table && slice.period === period),
    );
    await withTenant(deps.pool, tenant, async (tx) => {
      await lockRevisions(tx, id);
      // Somebody else published meanwhile: the job is tried again from there.
      if ((await latestRevision(tx, id)) !== base) throw new LoadFault('revision-kept-moving');
      await checkFiles(deps.storage, changed);
      const revision = base + 1;
      const slicesChanged = changed.length + gone.length;
      await insertRevision(tx, {
        domain: id,
        revision,
        kind: 'schema',
        sourceDelivery: null,
        restoredRevision: null,
        slicesChanged,
      });
      await insertSlices(tx, changed);
      const removals = gone.map(({ table, period }) => ({ table, period, sha256: null, schemaHash: null }));
      await insertSliceChanges(tx, id, revision, [...changed, ...removals]);
      // A delivery with a stop would have been rejected; data that was accepted before the rule existed stays, as an error.
      const outcomes = state.outcomes.map((outcome) => ({
        ...outcome,
        severity: outcome.severity === 'stop' ? 'error' : outcome.severity,
      }));
      await insertRuleResults(tx, id, revision, outcomes);
      await announceRevision(deps.jobs, tx, { domain: id, since: base, until: revision, replaces: false });
      signal.throwIfAborted();
    });
  }, signal);
}

/** @returns whether a slice was made under another declaration of its table, or its table is no longer declared. */
export function isOutdated(domain: Domain, held: readonly Pick<HeldSlice, 'table' | 'schemaHash'>[]): boolean {
  const declared = new Map(domain.tables.map((table) => [table.name, schemaHashOf(table)]));
  return held.some(({ table, schemaHash }) => !isIdentityTable(table) && declared.get(table) !== schemaHash);
}

interface Redeclared {
  readonly table: Table;
  readonly periods: readonly string[];
  rows(periods: readonly string[]): string;
}

/** Every table of the domain under its current declaration: one relation of all its rows. */
async function redeclare(
  duck: Duck,
  storage: ObjectStorage,
  domain: Domain,
  held: readonly HeldSlice[],
): Promise<Redeclared[]> {
  const results: Redeclared[] = [];
  for (const table of domain.tables) {
    const own = held.filter((slice) => slice.table === table.name);
    if (own.length === 0) continue;
    const paths = await Promise.all(own.map((slice) => storage.localPath(slice.parquetKey)));
    const fault = await redeclareRows(duck, table, paths);
    if (fault !== undefined) throw new LoadFault('reslice-impossible', `${table.name}.${fault}`);
    const kept = own.map(({ period }) => period).filter((period) => hasKind(table, period));
    const periods = [...new Set([...kept, ...(await listPeriods(duck, table))])].sort();
    const rows = (wanted: readonly string[]) => redeclaredRows(table, wanted);
    results.push({ table, periods, rows });
  }
  return results;
}

function hasKind(table: Table, period: string): boolean {
  return table.period.kind === 'none' ? period === ALL : periodKindOf(period) === table.period.kind;
}
