// Loads one submitted source delivery: read and check its files, merge, write slices, check the state, publish.
// Everything before the last step leaves only files that nobody refers to, so it may be killed and run again at any point.
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Domain } from '../../domains/definition.ts';
import type { Catalogue } from '../../domains/index.ts';
import { type Duck, withDuckDb } from '../../platform/duckdb/duckdb.ts';
import type { DuckDbPool } from '../../platform/duckdb/pool.ts';
import { type Tenant, withTenant } from '../../platform/postgres/tenancy.ts';
import { isIdentityTable, latestRevision, readRevision, type Slice, writeSlices } from '../../slices/index.ts';
import { type InflationLimits, materialiseReceivedFile, ReceivedFileFault } from '../intake/index.ts';
import {
  checkState,
  type Findings,
  hasStop,
  joinFindings,
  NO_FINDINGS,
  pseudonymKeyOf,
  readSourceTable,
  type SourceReading,
  STRUCTURE_RULES,
  type StructureRule,
  structureFinding,
} from '../quality/index.ts';
import { LoadFault } from './errors.ts';
import { mergeDelivery } from './merge-delivery.ts';
import { changedSlices, type PublishDeps, publishDelivery, rejectDelivery } from './publish-delivery.ts';
import { isOutdated, resliceDomain } from './reslice-domain.ts';
import { rulesAtOnce } from './rules.ts';
import {
  type LoadedDelivery,
  type LoadedFile,
  listForeignTables,
  listLoadedFiles,
  readLastSequence,
  startLoading,
} from './store-delivery.ts';

/** What jobs of the warehouse need. */
export interface LoadDeps extends PublishDeps {
  readonly catalogue: Catalogue;
  readonly limits: InflationLimits;
  readonly secrets: { readonly rootSecret: Uint8Array };
  readonly duckdb: DuckDbPool;
}

/** Runs tasks one after another. */
export type Turnstile = (task: () => Promise<void>) => Promise<void>;

/** Received bytes from which a load is given a second core and more memory (measured: 5 M rows in 19 s, worker and api together below 2 GiB). */
const LARGE_BYTES = 64 * 1024 * 1024;
const LARGE = { memoryLimitMb: 768, threads: 2 };
/** How often a load starts over because a restore came in between, or a changed declaration had to be brought to the slices first. */
const MAX_MOVES = 5;

/** Loads the delivery unless it is finished already. @throws LoadFault for what only we can mend; anything else is worth another attempt. */
export async function loadDelivery(
  deps: LoadDeps,
  tenant: Tenant,
  id: string,
  oneLargeLoad: Turnstile,
  signal: AbortSignal,
): Promise<void> {
  const started = await withTenant(deps.pool, tenant, async (tx) => {
    const delivery = await startLoading(tx, id);
    return delivery && { delivery, files: await listLoadedFiles(tx, id) };
  });
  if (started === undefined) return;
  const { delivery, files } = started;
  const domain = deps.catalogue.domain(delivery.domain);
  if (domain === undefined) throw new LoadFault('unknown-domain');
  const large = files.reduce((sum, { bytes }) => sum + bytes, 0) > LARGE_BYTES;
  const load = async (duck: Duck) => {
    const readings = new Map<string, SourceReading>();
    for (const file of files) readings.set(file.table, await readFile(deps, duck, domain, delivery, file));
    await finishLoad(deps, duck, tenant, { domain, delivery, readings }, signal);
  };
  await (large
    ? oneLargeLoad(() => withDuckDb({ ...deps.duckdb.options, ...LARGE }, load, signal))
    : deps.duckdb.run(load, signal));
}

async function readFile(
  deps: LoadDeps,
  duck: Duck,
  domain: Domain,
  delivery: LoadedDelivery,
  file: LoadedFile,
): Promise<SourceReading> {
  const table = domain.tables.find(({ name }) => name === file.table);
  if (table === undefined) throw new LoadFault('unknown-table');
  const path = join(duck.folder, `${randomUUID()}.csv`);
  try {
    const plain = await materialiseReceivedFile(deps.storage, deps.secrets, file, deps.limits, path);
    const { delimiter, decimalMark, columns, encoding } = file.dialect;
    return await readSourceTable(duck, {
      table,
      kind: delivery.kind,
      municipality: file.municipality,
      span: { from: delivery.periodFrom, to: delivery.periodTo },
      pseudonymKey: pseudonymKeyOf(deps.secrets.rootSecret, file.municipality),
      announcedRows: file.announcedRows,
      file: { path, delimiter, decimalMark, columns, encoding: encoding === 'detect' ? plain.encoding : encoding },
    });
  } catch (error) {
    if (!(error instanceof ReceivedFileFault)) throw error;
    return { rows: 0, staged: null, findings: tableFinding(error.rule, file.table) };
  } finally {
    await rm(path, { force: true });
  }
}

/** A finding about a table as a whole. */
function tableFinding(rule: StructureRule, table: string): Findings {
  const { severity } = STRUCTURE_RULES[rule];
  return { counts: [{ rule, table, severity, count: 1 }], examples: [structureFinding(rule, { table })] };
}

interface Load {
  readonly domain: Domain;
  readonly delivery: LoadedDelivery;
  readonly readings: ReadonlyMap<string, SourceReading>;
}

async function finishLoad(deps: LoadDeps, duck: Duck, tenant: Tenant, load: Load, signal: AbortSignal): Promise<void> {
  const { domain, delivery, readings } = load;
  const rows = new Map([...readings].map(([table, reading]) => [table, reading.rows]));
  const structure = joinFindings([...readings.values()].map(({ findings }) => findings));
  const reject = (findings: Findings) => rejectDelivery(deps.pool, tenant, delivery, findings, rows, signal);
  if (hasStop(structure)) return reject(structure);
  const staged = [...readings.values()].flatMap((reading) => reading.staged ?? []);
  for (let attempt = 1; attempt <= MAX_MOVES; attempt += 1) {
    const { base, held, order } = await readBase(deps, tenant, load);
    if (hasStop(order)) return reject(joinFindings([structure, order]));
    if (isOutdated(domain, held)) {
      await resliceDomain(deps, tenant, domain.id, signal);
      continue;
    }
    const span = { from: delivery.periodFrom, to: delivery.periodTo };
    const source = { municipality: tenant.municipality, domain, kind: delivery.kind, span, staged };
    const merged = await mergeDelivery(duck, deps.storage, source, held);
    const slices = await writeSlices(duck, deps.storage, merged.specs, held);
    const changed = changedSlices(held, slices)
      .filter(({ table }) => !isIdentityTable(table))
      .map((slice) => ({ ...slice, ...replacedRows(held, slice) }));
    const state = await checkState(duck, {
      domain,
      changed,
      handedIn: delivery.handedIn,
      periodsOf: merged.periodsOf,
      rowsOf: merged.rowsOf,
      rulesAtOnce: rulesAtOnce([...held, ...slices]),
    });
    const findings = joinFindings([structure, merged.findings, state.findings]);
    if (hasStop(findings)) return reject(findings);
    const outcomes = state.outcomes;
    const publication = await publishDelivery(
      deps,
      tenant,
      { delivery, base, held, slices, outcomes, findings, rows },
      signal,
    );
    if (publication !== 'moved') return;
  }
  throw new LoadFault('revision-kept-moving');
}

function replacedRows(held: readonly Slice[], { table, period }: Slice): { replaced?: number } {
  const before = held.find((slice) => slice.table === table && slice.period === period);
  return before === undefined ? {} : { replaced: before.rows };
}

/** The newest revision, and whether this delivery may follow on what was accepted so far. */
async function readBase(deps: LoadDeps, tenant: Tenant, { delivery, readings }: Load) {
  const tables = [...readings.keys()];
  return withTenant(
    deps.pool,
    tenant,
    async (tx) => {
      const base = await latestRevision(tx, delivery.domain);
      const held = await readRevision(tx, delivery.domain, base, { identity: true });
      if (delivery.kind === 'total') return { base, held, order: NO_FINDINGS };
      const last = await readLastSequence(tx, delivery.domain, delivery.sourceSystem);
      const gap = delivery.sequence === last + 1 ? [] : tables.map((table) => tableFinding('delta-sequence', table));
      const foreign = await listForeignTables(tx, tables, delivery.sourceSystem);
      const order = joinFindings([...gap, ...foreign.map((table) => tableFinding('source-system', table))]);
      return { base, held, order };
    },
    { readOnly: true, repeatableRead: true },
  );
}
