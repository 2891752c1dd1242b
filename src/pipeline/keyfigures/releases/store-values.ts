// PostgreSQL of formula values at pinned revisions: a municipality's own, or several municipalities' while a release is made.
import type { Formula } from '../../../domains/definition.ts';
import type { SystemTx, TenantTx } from '../../../platform/postgres/tenancy.ts';
import { type FormulaValues, type Place, placeKey } from './rules.ts';

/** The revision of a domain that a municipality's values are read at. */
export interface Pin {
  readonly municipality: string;
  readonly domain: string;
  readonly revision: number;
}

/** A pin with what quality says of it. */
export interface JudgedPin extends Pin {
  /** Whether a rule of severity `error` has open findings at that revision. */
  readonly openErrors: boolean;
}

/** The newest row of each value up to the pin of its domain. */
const AT_PINS = `select distinct on (v.municipality_code, v.formula, v.period, v.breakdown)
    v.formula, v.period, v.breakdown, v.value::text as value, v.missing
  from unnest($1::text[], $2::text[], $3::int[], $4::int[]) as pinned(municipality, formula, version, revision)
  join formula_value v on v.municipality_code = pinned.municipality and v.formula = pinned.formula
    and v.formula_version = pinned.version and v.revision <= pinned.revision
  order by v.municipality_code, v.formula, v.period, v.breakdown, v.revision desc`;

function pinnedFormulas(pins: readonly Pin[], formulas: readonly Formula[]): unknown[][] {
  const pairs = pins.flatMap((pin) =>
    formulas.filter(({ domain }) => domain === pin.domain).map((formula) => ({ pin, formula })),
  );
  return [
    pairs.map(({ pin }) => pin.municipality),
    pairs.map(({ formula }) => formula.id),
    pairs.map(({ formula }) => formula.version),
    pairs.map(({ pin }) => pin.revision),
  ];
}

/** @returns the values of `formulas` at `pins`, which are all of one municipality. */
export async function readValuesAt(
  tx: SystemTx | TenantTx,
  pins: readonly Pin[],
  formulas: readonly Formula[],
): Promise<FormulaValues> {
  const rows = await tx.query<Place & { formula: string; value: string | null; missing: string | null }>(
    AT_PINS,
    pinnedFormulas(pins, formulas),
  );
  const values = new Map<string, Map<string, { value: string | null; missing: string | null }>>();
  for (const row of rows) {
    const places = values.get(row.formula) ?? new Map();
    values.set(row.formula, places.set(placeKey(row), { value: row.value, missing: row.missing }));
  }
  return values;
}

/** @returns by formula id the places where any municipality has a value, or a reason other than that there is no data. */
export async function readPlaces(
  tx: SystemTx,
  pins: readonly Pin[],
  formulas: readonly Formula[],
): Promise<Map<string, Place[]>> {
  const rows = await tx.query<Place & { formula: string }>(
    `select distinct formula, period collate "C" as period, breakdown collate "C" as breakdown from (${AT_PINS}) held
     where missing is distinct from 'no-data' order by 1, 2, 3`,
    pinnedFormulas(pins, formulas),
  );
  return Map.groupBy(rows, ({ formula }) => formula);
}

/** Open at a revision: the newest result of a rule on a (table, period) up to it counts something. */
const OPEN_ERRORS = `exists (
    select 1 from (
      select distinct on (r.rule, r.table_name, r.period) r.count from rule_result r
      where r.municipality_code = c.municipality_code and r.domain = c.domain and r.severity = 'error' and r.revision <= c.revision
      order by r.rule, r.table_name, r.period, r.revision desc
    ) newest where newest.count > 0)`;

/**
 * @param at domain → the revision that is wanted of it; the newest computed one of the others
 * @returns a pin per municipality and domain that is computed so far with the formulas of `hashes` (domain → hash); in a TenantTx only the own
 */
export async function readPins(
  tx: SystemTx | TenantTx,
  hashes: ReadonlyMap<string, string>,
  at: ReadonlyMap<string, number> = new Map(),
): Promise<JudgedPin[]> {
  return tx.query<JudgedPin>(
    `select c.municipality_code as municipality, c.domain, c.revision, ${OPEN_ERRORS} as "openErrors"
     from (
       select computed.municipality_code, computed.domain, coalesce(wanted.revision, computed.revision) as revision
       from computed_revision computed join unnest($1::text[], $2::text[], $3::int[]) as wanted(domain, hash, revision)
         on computed.domain = wanted.domain and computed.formulas_hash = wanted.hash
       where wanted.revision is null or wanted.revision between 1 and computed.revision
     ) c
     order by c.municipality_code, c.domain`,
    [[...hashes.keys()], [...hashes.values()], [...hashes.keys()].map((domain) => at.get(domain) ?? null)],
  );
}
