// Works out which slices a delivery touches and what they would hold: a total replaces the months of its span in the tables that were sent,
// a delta changes the rows it names. It builds queries; it writes no slice.
import type { Domain, Table } from '../../domains/definition.ts';
import type { Duck } from '../../platform/duckdb/duckdb.ts';
import type { ObjectStorage } from '../../platform/storage/storage.ts';
import type { MunicipalityCode } from '../../platform/tenant.ts';
import { ALL, monthSpanOf, periodsBetween } from '../../platform/time/period.ts';
import { type HeldSlice, identityTableOf, type SliceSpec } from '../../slices/index.ts';
import type { Span } from '../intake/index.ts';
import {
  EXAMPLES_PER_RULE,
  type Findings,
  NO_FINDINGS,
  STRUCTURE_RULES,
  type StagedRows,
  structureFinding,
} from '../quality/index.ts';
import {
  deliveredRows,
  findAbsentDeletes,
  keptRows,
  mergedRows,
  storedRows,
  uniteIdentities,
  upsertedPeriods,
} from './store-duckdb.ts';

/** What was read of a delivery. */
export interface ReadDelivery {
  readonly municipality: MunicipalityCode;
  readonly domain: Domain;
  readonly kind: 'total' | 'delta';
  readonly span: Span;
  readonly staged: readonly StagedRows[];
}

/** The state as it would be. `specs` are the slices to write, identity pairs among them when there are new ones. */
export interface MergedState {
  readonly specs: readonly SliceSpec[];
  readonly findings: Findings;
  periodsOf(table: string): readonly string[];
  rowsOf(table: Table, periods: readonly string[]): string;
}

interface Touched {
  readonly staged: StagedRows;
  readonly periods: readonly string[];
}

/** Merges the delivery with the slices of `base`, the newest revision (identity pairs included). */
export async function mergeDelivery(
  duck: Duck,
  storage: ObjectStorage,
  delivery: ReadDelivery,
  base: readonly HeldSlice[],
): Promise<MergedState> {
  const paths = new Map<string, string>();
  for (const slice of base) paths.set(`${slice.table}/${slice.period}`, await storage.localPath(slice.parquetKey));
  const pathsOf = (table: string, periods: readonly string[]) =>
    periods.flatMap((period) => paths.get(`${table}/${period}`) ?? []);
  const heldPeriods = (table: string) => base.filter((slice) => slice.table === table).map(({ period }) => period);

  const touched = new Map<string, Touched>();
  for (const staged of delivery.staged) {
    const periods = await touchedPeriods(duck, delivery, staged, heldPeriods(staged.table.name));
    touched.set(staged.table.name, { staged, periods });
  }

  const rowsOf = (table: Table, periods: readonly string[]): string => {
    const change = touched.get(table.name);
    const changed = periods.filter((period) => change?.periods.includes(period));
    const rest = pathsOf(
      table.name,
      periods.filter((period) => !change?.periods.includes(period)),
    );
    const parts = rest.length > 0 || changed.length === 0 ? [storedRows(table, rest)] : [];
    if (change !== undefined && changed.length > 0) {
      const { staged } = change;
      if (delivery.kind === 'delta') parts.push(mergedRows(staged, changed, pathsOf(table.name, changed)));
      else {
        parts.push(deliveredRows(staged, changed));
        const cut = pathsOf(
          table.name,
          changed.filter((period) => cutsPeriod(delivery.span, period)),
        );
        if (cut.length > 0) parts.push(keptRows(table, delivery.span, cut));
      }
    }
    return parts.join('\n union all ');
  };

  const specs: SliceSpec[] = [];
  for (const { staged, periods } of touched.values()) {
    for (const period of periods) {
      specs.push({
        municipality: delivery.municipality,
        domain: delivery.domain.id,
        table: staged.table,
        period,
        rows: rowsOf(staged.table, [period]),
      });
    }
  }
  const identity = await identitySpec(duck, delivery, paths);
  return {
    specs: identity === undefined ? specs : [...specs, identity],
    findings: delivery.kind === 'total' ? NO_FINDINGS : await absentDeletes(duck, delivery, heldPeriods, pathsOf),
    periodsOf: (table) => [...new Set([...heldPeriods(table), ...(touched.get(table)?.periods ?? [])])].sort(),
    rowsOf,
  };
}

/** What lies outside the span stays: nobody has said anything about it. Intake refuses such spans for tables whose rows tell no month. */
function cutsPeriod({ from, to }: Span, period: string): boolean {
  const months = monthSpanOf(period);
  return months !== undefined && (months.from < from || months.to > to);
}

/** Delivered zero is not missing: a total touches its whole span. A delta that only deletes does not create a period. */
async function touchedPeriods(
  duck: Duck,
  { kind, span }: ReadDelivery,
  staged: StagedRows,
  held: readonly string[],
): Promise<readonly string[]> {
  if (kind === 'total') return periodsBetween(staged.table.period.kind, span.from, span.to);
  const upserted = await upsertedPeriods(duck, staged);
  return staged.periods.filter((period) => upserted.includes(period) || held.includes(period));
}

async function absentDeletes(
  duck: Duck,
  { staged }: ReadDelivery,
  heldPeriods: (table: string) => readonly string[],
  pathsOf: (table: string, periods: readonly string[]) => readonly string[],
): Promise<Findings> {
  const rule = 'delete-absent';
  const parts = [];
  for (const source of staged) {
    const table = source.table.name;
    const periods = heldPeriods(table).filter((period) => source.periods.includes(period));
    const { count, rows } = await findAbsentDeletes(duck, source, pathsOf(table, periods), EXAMPLES_PER_RULE);
    if (count === 0) continue;
    parts.push({
      count: { rule, table, severity: STRUCTURE_RULES[rule].severity, count },
      examples: rows.map((row) => structureFinding(rule, { table, row })),
    });
  }
  return { counts: parts.map(({ count }) => count), examples: parts.flatMap(({ examples }) => examples) };
}

/** The pairs only ever grow: an older revision's pseudonyms must stay readable for their owner. */
async function identitySpec(
  duck: Duck,
  { municipality, domain, staged }: ReadDelivery,
  paths: ReadonlyMap<string, string>,
): Promise<SliceSpec | undefined> {
  const persons = staged.flatMap((source) => source.persons ?? []);
  if (persons.length === 0) return undefined;
  const table = identityTableOf(domain);
  const path = paths.get(`${table.name}/${ALL}`) ?? null;
  const { added, rows } = await uniteIdentities(duck, table, municipality, persons, path);
  if (added === 0) return undefined;
  return { municipality, domain: domain.id, table, period: ALL, rows };
}
