// Which buckets of which sources a change of slices can have changed, and what differs from the stored values. Pure functions.
import { createHash } from 'node:crypto';
import type { Formula, Source } from '../../../domains/definition.ts';
import {
  ALL,
  addMonths,
  monthSpanOf,
  type PeriodKind,
  periodKindOf,
  periodOfMonth,
  periodsBetween,
} from '../../../platform/time/period.ts';

/** What a formula yields for a period and a breakdown (`''` for the total, else `column=code`): exactly one of value and missing is null. */
export interface FormulaResult {
  readonly formula: string;
  readonly version: number;
  readonly period: string;
  readonly breakdown: string;
  /** The shortest exact decimal text. */
  readonly value: string | null;
  readonly missing: string | null;
}

/** A (table, period), as slices are named. */
export interface SliceName {
  readonly table: string;
  readonly period: string;
}

/** A source, the formulas to compute over it, and the bucket to compute them for. */
export interface Computation {
  readonly source: Source;
  readonly formulas: readonly Formula[];
  readonly bucket: string;
}

/** How far, in months, a bucket may lie from all slices that its source reads and still hold rows: a school year later than its first term, say. */
const REACH = 12;

/** The bucket of `kind` that holds `period`; where a period lies in two buckets (a school year in years), its last month decides. */
export function bucketOf(kind: PeriodKind, period: string): string {
  if (kind === 'none' || periodKindOf(period) === kind) return kind === 'none' ? ALL : period;
  const span = monthSpanOf(period);
  return span === undefined ? ALL : periodOfMonth(kind, span.to);
}

/** Formulas of one source run together. @returns them by source id. */
export function groupBySource(formulas: readonly Formula[]): Map<string, { source: Source; formulas: Formula[] }> {
  const sources = new Map<string, { source: Source; formulas: Formula[] }>();
  for (const formula of formulas) {
    const entry = sources.get(formula.source.id) ?? { source: formula.source, formulas: [] };
    entry.formulas.push(formula);
    sources.set(formula.source.id, entry);
  }
  return sources;
}

/** The slices that a source reads for a bucket. */
export function slicesRead(source: Source, bucket: string): SliceName[] {
  return Object.entries(source.reads).flatMap(([table, periods]) =>
    periods(bucket).map((period) => ({ table, period })),
  );
}

/**
 * Inverts `Source.reads`: the buckets that name at least one of `changed`, and at least one slice with a time that is or was `held`. Candidates are the
 * buckets around those slices, because `reads` can only be asked forwards.
 */
export function affectedBuckets(source: Source, changed: readonly SliceName[], held: readonly SliceName[]): string[] {
  const names = (slices: readonly SliceName[]) => new Set(slices.map(({ table, period }) => `${table}/${period}`));
  const changedNames = names(changed);
  const timedNames = names([...changed, ...held].filter(({ period }) => period !== ALL));
  return candidateBuckets(source, [...changed, ...held]).filter((bucket) => {
    const read = slicesRead(source, bucket).map(({ table, period }) => `${table}/${period}`);
    const isDated = source.bucket === 'none' || read.some((name) => timedNames.has(name));
    return isDated && read.some((name) => changedNames.has(name));
  });
}

function candidateBuckets(source: Source, slices: readonly SliceName[]): string[] {
  if (source.bucket === 'none') return [ALL];
  const spans = slices
    .filter(({ table }) => table in source.reads)
    .map(({ period }) => monthSpanOf(period))
    .filter((span) => span !== undefined);
  const from = spans.map((span) => span.from).sort()[0];
  const to = spans
    .map((span) => span.to)
    .sort()
    .at(-1);
  if (from === undefined || to === undefined) return [];
  return periodsBetween(source.bucket, addMonths(from, -REACH), addMonths(to, REACH));
}

/** What to compute after a change; a bucket none of whose slices is held has no rows, which `changedValues` then records as `no-data`. */
export function planComputations(
  formulas: readonly Formula[],
  changed: readonly SliceName[],
  held: readonly SliceName[],
): Computation[] {
  return [...groupBySource(formulas).values()].flatMap((entry) =>
    affectedBuckets(entry.source, changed, held).map((bucket) => ({ ...entry, bucket })),
  );
}

/** A slice with its size. */
interface SizedSlice extends SliceName {
  readonly rows: number;
}

/** One statement: a source, the buckets to compute it for, and the slices that they read. */
export interface Run<Held extends SizedSlice> extends Omit<Computation, 'bucket'> {
  readonly buckets: readonly string[];
  readonly slices: readonly Held[];
}

/** Rows up to which the buckets of a source are computed in one statement: each statement costs some milliseconds whatever it reads. */
const ROWS_AT_ONCE = 500_000;

/** Joins the buckets of each source into as few runs as the rows allow; buckets that can have no row are left out. `held` by `table/period`. */
export function joinRuns<Held extends SizedSlice>(
  computations: readonly Computation[],
  held: ReadonlyMap<string, Held>,
): Run<Held>[] {
  const runs: Run<Held>[] = [];
  for (const { source, formulas, bucket } of computations) {
    const slices = slicesRead(source, bucket).flatMap(({ table, period }) => held.get(`${table}/${period}`) ?? []);
    if (source.needs?.some((name) => !slices.some(({ table }) => table === name))) continue;
    const last = runs.at(-1);
    const joined = [...new Set([...(last?.slices ?? []), ...slices])];
    if (last?.source === source && joined.reduce((sum, { rows }) => sum + rows, 0) <= ROWS_AT_ONCE) {
      runs[runs.length - 1] = { source, formulas, buckets: [...last.buckets, bucket], slices: joined };
    } else {
      runs.push({ source, formulas, buckets: [bucket], slices });
    }
  }
  return runs;
}

function keyOf(row: Pick<FormulaResult, 'formula' | 'version' | 'period' | 'breakdown'>): string {
  return `${row.formula} ${row.version} ${row.period} ${row.breakdown}`;
}

/**
 * The rows that differ from the stored ones of the same buckets. A stored row that was not computed again has vanished: it becomes missing with reason
 * `no-data`. Numbers are compared as shortest texts.
 */
export function changedValues<Row extends FormulaResult>(stored: readonly Row[], computed: readonly Row[]): Row[] {
  const before = new Map(stored.map((row) => [keyOf(row), row]));
  const now = new Set(computed.map(keyOf));
  const changed = computed.filter((row) => {
    const old = before.get(keyOf(row));
    return old === undefined || old.value !== row.value || old.missing !== row.missing;
  });
  const vanished = stored
    .filter((row) => !now.has(keyOf(row)) && row.missing !== 'no-data')
    .map((row) => ({ ...row, value: null, missing: 'no-data' }));
  return [...changed, ...vanished];
}

/** sha256 (hex) over ids and versions: it changes when a formula is added or raised, and then everything is computed again. */
export function formulasHashOf(formulas: readonly Formula[]): string {
  const names = formulas.map(({ id, version }) => `${id} ${version}`).sort();
  return createHash('sha256').update(names.join('\n')).digest('hex');
}
