// The vocabulary of a declaration: what a domain, a table, a quality rule and a key figure ARE.
// Types and identity functions only; no I/O. Everything else in the service is derived from values of these types.
import type { PeriodKind } from '../platform/time/period.ts';

/** A text in both languages of the catalogue. */
export interface Text {
  readonly da: string;
  readonly en: string;
}

/** The nine domains, by the ids of the glossary; a folder of `src/domains/` (or an added one) names itself so. */
export type DomainId = string;

/** One code of a code list. Dates are ISO and inclusive; an absent end is open. */
export interface Code {
  readonly code: string;
  readonly title: Text;
  readonly gyldigFra?: string;
  readonly gyldigTil?: string;
}

/** A fixed list of codes, e.g. `klassetype`. */
export interface CodeList {
  readonly id: string;
  readonly title: Text;
  readonly codes: readonly Code[];
}

/**
 * The type of a column.
 * - `text`: up to `maxLength` characters; `pattern` is an anchored RE2 expression.
 * - `code`: one code of `list`.
 * - `integer`: whole number within the limits.
 * - `decimal`: exact, `precision` digits of which `scale` decimals; `money` is kroner, decimal(15,2).
 * - `date` `YYYY-MM-DD`, `month` `YYYY-MM`, `schoolYear` `YYYY-YYYY`, `boolean` `true|false`.
 * - `person`: arrives as a 10-digit CPR number in the source column `cpr`, is kept as a pseudonym (32 hex digits, the first half of an HMAC).
 */
export type ColumnType =
  | { readonly type: 'text'; readonly maxLength: number; readonly pattern?: string }
  | { readonly type: 'code'; readonly list: CodeList }
  | { readonly type: 'integer'; readonly minimum: number; readonly maximum: number }
  | { readonly type: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly type: 'money' }
  | { readonly type: 'date' }
  | { readonly type: 'month' }
  | { readonly type: 'schoolYear' }
  | { readonly type: 'boolean' }
  | { readonly type: 'person' };

/** How sensitive a column is: ordinary, about one person, or sensitive in the sense of GDPR art. 9. */
export type Sensitivity = 'ordinary' | 'personal' | 'sensitive';

/** A column of a table. `derived` columns are not in source files: intake computes them from the CPR number. */
export interface Column {
  readonly name: string;
  readonly title: Text;
  readonly description: Text;
  readonly type: ColumnType;
  readonly unit?: string;
  readonly nullable: boolean;
  readonly sensitivity: Sensitivity;
  readonly derived?: 'birth-year' | 'sex';
  /**
   * The source system's own number of a person, the same in all tables of the domain that have a column of this name: through a table that has both it and
   * the pseudonym, a person's rows are found in those without the pseudonym.
   */
  readonly identifiesPerson?: true;
}

/**
 * A raw table. `defineTable` puts the technical column `kommunekode` first in `columns` and in `key`;
 * a source file must carry it, and every row must name the municipality that delivers.
 */
export interface Table {
  readonly name: string;
  readonly title: Text;
  readonly description: Text;
  readonly columns: readonly Column[];
  /** The natural key, in sort order; no key column is nullable. */
  readonly key: readonly string[];
  /** The period of a slice and the key column that it follows from (`year` from an integer, month or date; …). */
  readonly period:
    | { readonly kind: 'none' }
    | { readonly kind: Exclude<PeriodKind, 'none' | 'quarter'>; readonly from: string };
  /** DuckDB expression over the columns: the DATE on which codes must be valid. Absent: validity is not checked. */
  readonly validAt?: string;
  /** The systems that can deliver this table. */
  readonly sources: readonly string[];
}

/** stop: the delivery is rejected · error: blocks sign-off and marks released values · warning · info. */
export type Severity = 'stop' | 'error' | 'warning' | 'info';

/**
 * A quality rule. SQL is DuckDB's; tables are read by their bare names and hold the municipality's state as it would be after the load.
 * - `row`: `violation` is a predicate over one row of `table`; a null is no violation. Runs on changed slices only.
 * - `slice`: `query` reads `table`, which then holds changed slices, with one result row per finding; a slice's period is its bucket.
 * - `domain`: `query` reads the tables of `reads` (whole slices); it runs for the buckets whose slices changed, and only where `table` holds
 *   a slice in the bucket, so no rows there means delivered empty; `getvariable('due')` is the last month (`YYYY-MM`) that could have been delivered.
 * A query runs for one bucket or for several at once, and must find in each what it would find in it alone. So every table that has periods has a column
 * `bucket` besides its own, and holds a row once per bucket that reads it: queries group, join and partition by it as well. Tables without periods are
 * the same in every bucket and have no such column. `buckets(bucket)` holds the buckets, also those without rows. A query that reads earlier periods
 * reports on its bucket only.
 * Result columns of a query: `bucket`, `reference` (what is at fault, e.g. an institution number; never a person; parts
 * are joined as `name=value, name=value`, because what looks like a CPR number is hidden), `detail_da`, `detail_en` (both may be null),
 * and `count` (rows concerned, default 1).
 *
 * `view` is read by `query` besides the tables; rules that share one have it worked out once.
 * `needsEarlier`: the rule finds nothing unless an earlier period of its own `table` is held among those that it reads, so it does not run in the
 * first bucket. That the earlier period holds no rows does not matter: delivered zero is something to compare with.
 */
export type Rule = RuleBase &
  (
    | { readonly scope: 'row'; readonly table: string; readonly column?: string; readonly violation: string }
    | {
        readonly scope: 'slice';
        readonly table: string;
        readonly column?: string;
        readonly view?: RuleView;
        readonly query: string;
      }
    | {
        readonly scope: 'domain';
        readonly table: string;
        readonly column?: string;
        readonly bucket: PeriodKind;
        readonly reads: SliceReads;
        readonly needsEarlier?: true;
        readonly view?: RuleView;
        readonly query: string;
      }
  );

/**
 * A named query over the tables of a rule. DuckDB spends up to 10 ms on planning one over several tables, with or without rows, so rules that
 * judge the same numbers (a warning and an error) share them. A name means one query throughout its domain.
 */
export interface RuleView {
  readonly name: string;
  readonly query: string;
}

interface RuleBase {
  /** e.g. `DQ10`, or `DQ13-orden` where one rule of the reference needs two predicates. */
  readonly id: string;
  readonly severity: Severity;
  readonly title: Text;
  /** What is wrong and what to do about it. No placeholders: the detail of a finding stands beside it. */
  readonly message: Text;
}

/** Which slices (table → periods) are needed for the bucket, e.g. `{ sko_elev: (year) => [shiftPeriod(year, -1), year] }`. */
export type SliceReads = Readonly<Record<string, (bucket: string) => readonly string[]>>;

/**
 * A relation that formulas measure. `sql` reads the tables of `reads` by bare name and yields a column `period` (text, the level of the figures)
 * and whatever columns the measures use. `bucket` is the unit of recomputation: when a slice changes, exactly the buckets whose `reads` name it are recomputed.
 * Several buckets may be computed at once: the rows of a period rest on the slices that `reads` names for its bucket, whatever else is shown.
 * All formulas of one source with the same breakdowns run as one GROUP BY.
 */
export interface Source {
  readonly id: string;
  readonly domain: DomainId;
  readonly bucket: PeriodKind;
  readonly reads: SliceReads;
  /** Tables of `reads` without any slice of which the source has no row, so that the bucket need not be computed. */
  readonly needs?: readonly string[];
  readonly sql: string;
}

/**
 * A named formula: an exact aggregate over a source, per period and municipality. FLIS: numerator and denominator are separate named formulas.
 * `measure` yields an exact number (DECIMAL or integer; never a float). `missing` gives conditions (aggregates) under which there is no value.
 * A period that the source does not hold is missing with reason `no-data`.
 */
export interface Formula {
  /** e.g. `bor.befolkning.primo`. */
  readonly id: string;
  /** Raised whenever the meaning changes; stored with every value. */
  readonly version: number;
  readonly domain: DomainId;
  readonly title: Text;
  readonly source: Source;
  readonly measure: string;
  /** Columns of the source by which the measure is also computed, one at a time, e.g. `['klassetrin']`. */
  readonly breakdowns?: readonly string[];
  readonly missing?: readonly { readonly reason: MissingReason; readonly when: string }[];
}

/** Why a value is missing. */
export type MissingReason = 'no-data' | 'age-bands' | 'zero-denominator' | 'no-base-year' | 'incomplete-period';

/** up: high is good · down: low is good · neutral. */
export type Direction = 'up' | 'down' | 'neutral';

/** A breakdown of a key figure: a column of both formulas' sources and the codes it can take (or a description when open). */
export interface Breakdown {
  readonly column: string;
  readonly title: Text;
  readonly codes?: CodeList;
}

/**
 * What holds between formulas at every place (period and breakdown) where they have values, whether a figure shows it or not. Readers know it as
 * well, so suppression takes it into account.
 * - `sum`: counts of persons; Σ `wholes` = Σ `parts` + those whom no formula counts (0 or more).
 * - `equal`: the same, but there may be others on either side; it counts only where both sides are equal, which readers may know to be no chance.
 * - `mean`: `mean` is the mean of `of` over the periods within its own in which `of` is above 0.
 */
export type FormulaRelation =
  | { readonly kind: 'sum' | 'equal'; readonly wholes: readonly Formula[]; readonly parts: readonly Formula[] }
  | { readonly kind: 'mean'; readonly mean: Formula; readonly of: Formula };

/** Rows by table, for a worked example: column → the text of a canonical CSV cell, or null. Absent nullable columns are null. */
export type ExampleRows = Readonly<Record<string, readonly Readonly<Record<string, string | null>>[]>>;

/** Given these rows, for this period and breakdown, numerator, denominator and value are exactly these decimals (null: missing). */
export interface WorkedExample {
  readonly title: Text;
  readonly given: ExampleRows;
  readonly period: string;
  readonly breakdown?: string;
  readonly numerator: string | null;
  readonly denominator: string | null;
  readonly value: string | null;
  readonly missing?: MissingReason;
}

/** A key figure: numerator / denominator × factor. A plain count or amount has no denominator. */
export interface KeyFigure {
  readonly id: string;
  readonly flisReference?: string;
  readonly domain: DomainId;
  readonly title: Text;
  readonly description: Text;
  readonly unit: Text;
  readonly factor: number;
  readonly decimals: number;
  readonly direction: Direction;
  /** The period kind of the values. */
  readonly level: Exclude<PeriodKind, 'none'>;
  readonly kind: 'share' | 'rate' | 'mean' | 'amount' | 'count';
  /** Whether the values are about persons, so that small counts are suppressed. */
  readonly persons: boolean;
  /** What counts the persons behind a value, where numerator and denominator do not both: days, a sum of grades. */
  readonly personCount?: Formula;
  readonly minimumCell: 0 | 5;
  readonly numerator: Formula;
  readonly denominator: Formula | null;
  readonly breakdowns: readonly Breakdown[];
  readonly examples: readonly WorkedExample[];
}

/** How often can be delivered. */
export type Frequency = 'monthly' | 'weekly' | 'daily';

/** What a domain's own file says of it; tables, rules, key figures and relations stand in files beside it. */
export interface DomainHead {
  readonly id: DomainId;
  readonly title: Text;
  readonly description: Text;
  /** Expected rows in synthetic or real deliveries are announced per source system; these are their names. */
  readonly sources: readonly string[];
  /** What the sources allow: no domain is delivered more often than its data comes in. The operator can change it from a day on. */
  readonly frequencies: readonly Frequency[];
}

/** A whole domain as the service sees it. */
export interface Domain extends DomainHead {
  readonly tables: readonly Table[];
  readonly rules: readonly Rule[];
  readonly relations: readonly FormulaRelation[];
  readonly keyFigures: readonly KeyFigure[];
}

/** The technical column that opens every table. */
export const MUNICIPALITY_COLUMN: Column = {
  name: 'kommunekode',
  title: { da: 'Kommunekode', en: 'Municipality code' },
  description: {
    da: 'Den leverende kommunes trecifrede kode.',
    en: 'Three-digit code of the municipality that delivers.',
  },
  type: { type: 'text', maxLength: 3, pattern: '^[0-9]{3}$' },
  nullable: false,
  sensitivity: 'ordinary',
};

/** Declares a table; adds the technical column `kommunekode` in front of the columns and of the key. */
export function defineTable(table: Table): Table {
  return { ...table, columns: [MUNICIPALITY_COLUMN, ...table.columns], key: [MUNICIPALITY_COLUMN.name, ...table.key] };
}

/** Declares a code list from `[code, Danish, English]` triples without validity dates. */
export function codeList(id: string, title: Text, codes: readonly (readonly [string, string, string])[]): CodeList {
  return { id, title, codes: codes.map(([code, da, en]) => ({ code, title: { da, en } })) };
}
