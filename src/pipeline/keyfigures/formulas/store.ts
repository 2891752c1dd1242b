// PostgreSQL of formulas: their values (append-only, written only when changed) and how far they are computed. One municipality at a time.
import type { DomainId } from '../../../domains/definition.ts';
import type { TenantTx } from '../../../platform/postgres/tenancy.ts';
import type { Computation, FormulaResult } from './rules.ts';

/** How far the formulas of (municipality, domain) are computed, and which formulas those were. */
export interface Progress {
  readonly revision: number;
  readonly formulasHash: string;
}

/** A value to store: with the bucket that it was computed in. */
export interface BucketResult extends FormulaResult {
  readonly bucket: string;
}

/** @returns how far the municipality's `domain` is computed; undefined when it never was. */
export async function readProgress(tx: TenantTx, domain: DomainId): Promise<Progress | undefined> {
  const [row] = await tx.query<{ revision: number; formulas_hash: string }>(
    'select revision, formulas_hash from computed_revision where municipality_code = $1 and domain = $2',
    [tx.tenant.municipality, domain],
  );
  return row && { revision: row.revision, formulasHash: row.formulas_hash };
}

/** The newest stored values (the code is named because the worker's policies, two joined by `or`, lead to no index) of the computations' formulas (at their versions) in their buckets. */
export async function readStoredValues(tx: TenantTx, computations: readonly Computation[]): Promise<BucketResult[]> {
  const wanted = computations.flatMap(({ formulas, bucket }) => formulas.map((formula) => ({ formula, bucket })));
  return tx.query<BucketResult>(
    `select distinct on (v.formula, v.formula_version, v.period, v.breakdown)
       v.formula, v.formula_version as version, v.period, v.breakdown, v.bucket, v.value::text as value, v.missing
     from unnest($1::text[], $2::int[], $3::text[]) as wanted(formula, version, bucket)
     join formula_value v on v.municipality_code = $4 and v.formula = wanted.formula and v.formula_version = wanted.version and v.bucket = wanted.bucket
     order by v.formula, v.formula_version, v.period, v.breakdown, v.revision desc`,
    [
      wanted.map(({ formula }) => formula.id),
      wanted.map(({ formula }) => formula.version),
      wanted.map(({ bucket }) => bucket),
      tx.tenant.municipality,
    ],
  );
}

/**
 * Moves the progress from `from` to `to`. @returns false when somebody else moved it meanwhile; then nothing may be inserted.
 * The row stays locked until the transaction ends.
 */
export async function moveProgress(
  tx: TenantTx,
  domain: DomainId,
  from: Progress | undefined,
  to: Progress,
): Promise<boolean> {
  const rows = await tx.query(
    `insert into computed_revision as held (municipality_code, domain, revision, formulas_hash) values ($1, $2, $3, $4)
     on conflict (municipality_code, domain) do update
       set revision = excluded.revision, formulas_hash = excluded.formulas_hash
       where held.revision = $5 and held.formulas_hash = $6
     returning revision`,
    [tx.tenant.municipality, domain, to.revision, to.formulasHash, from?.revision ?? -1, from?.formulasHash ?? ''],
  );
  return rows.length === 1;
}

/** Stores changed values with `revision` of `domain` as their basis. */
export async function insertValues(
  tx: TenantTx,
  domain: DomainId,
  revision: number,
  values: readonly BucketResult[],
): Promise<void> {
  if (values.length === 0) return;
  await tx.query(
    `insert into formula_value
       (municipality_code, formula, formula_version, period, breakdown, domain, revision, bucket, value, missing)
     select $1, v.formula, v.version, v.period, v.breakdown, $2, $3, v.bucket, v.value, v.missing
     from unnest($4::text[], $5::int[], $6::text[], $7::text[], $8::text[], $9::numeric[], $10::text[])
       as v(formula, version, period, breakdown, bucket, value, missing)`,
    [
      tx.tenant.municipality,
      domain,
      revision,
      values.map(({ formula }) => formula),
      values.map(({ version }) => version),
      values.map(({ period }) => period),
      values.map(({ breakdown }) => breakdown),
      values.map(({ bucket }) => bucket),
      values.map(({ value }) => value),
      values.map(({ missing }) => missing),
    ],
  );
}
