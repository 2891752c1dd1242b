// What the formulas of `oekonomi` measure: movements per year and per month, and the budget. SQL of declarations, no I/O.
// Decided once, here: period 0 (opening balance) is never a movement; the supplementary periods 13-16 belong to December,
// so that twelve months always add up to the year.
import type { Source } from '../definition.ts';

/** '3.22' and '3.22.01' as key figures write accounts. */
const ACCOUNT_NAMES = `hovedkonto || '.' || hovedfunktion as hf, hovedkonto || '.' || hovedfunktion || '.' || funktion as funk`;

/** The calendar month of an accounting period of `year` columns: 13-16 are December. */
const MONTH = `regnskabsaar || '-' || lpad(least(periode, 12)::varchar, 2, '0')`;

/** All movements of a year; all yearly formulas over the accounts run as one GROUP BY of it. */
export const regnskabAar: Source = {
  id: 'oko.regnskab.aar',
  domain: 'oekonomi',
  bucket: 'year',
  reads: { oko_regnskab: (year) => [year] },
  sql: `select regnskabsaar::varchar as period, periode, hovedkonto, ${ACCOUNT_NAMES}, dranst, gruppering, art, beloeb
    from oko_regnskab where periode >= 1`,
};

/** The original budget of a year. It is known at the start of the year, so the year need not be closed. */
export const budgetOprindeligt: Source = {
  id: 'oko.budget.oprindeligt',
  domain: 'oekonomi',
  bucket: 'year',
  reads: { oko_budget: (year) => [year] },
  sql: `select regnskabsaar::varchar as period, hovedkonto, ${ACCOUNT_NAMES}, dranst, gruppering, art, beloeb
    from oko_budget where version = 'opr'`,
};

/**
 * Movements of each month with the chart of the same year: `har_kontoplan` says whether the year has a chart at all,
 * `serviceudgift` is false for an account that the chart does not hold (rule DQ06 reports it).
 */
export const regnskabMaaned: Source = {
  id: 'oko.regnskab.maaned',
  domain: 'oekonomi',
  bucket: 'year',
  reads: { oko_regnskab: (year) => [year], oko_kontoplan: (year) => [year] },
  sql: `select ${MONTH} as period, hovedkonto, dranst, beloeb, coalesce(serviceudgift, false) as serviceudgift,
      regnskabsaar in (select aar from oko_kontoplan) as har_kontoplan
    from oko_regnskab
    left join (select aar as regnskabsaar, hovedkonto, hovedfunktion, funktion, dranst, gruppering, serviceudgift from oko_kontoplan)
      using (regnskabsaar, hovedkonto, hovedfunktion, funktion, dranst, gruppering)
    where periode >= 1`,
};

/** Operating movements from January up to and including each month that has movements; one row per month. */
export const regnskabAarTilDato: Source = {
  id: 'oko.regnskab.aar-til-dato',
  domain: 'oekonomi',
  bucket: 'year',
  reads: { oko_regnskab: (year) => [year] },
  sql: `select period, sum(beloeb) over (partition by left(period, 4) order by period) as beloeb
    from (select ${MONTH} as period, coalesce(sum(beloeb) filter (where dranst = '1'), 0) as beloeb
      from oko_regnskab where periode >= 1 group by period)`,
};

/** The corrected operating budget of the whole year, repeated for each of its twelve months; one row per month. */
export const budgetKorrigeret: Source = {
  id: 'oko.budget.korrigeret',
  domain: 'oekonomi',
  bucket: 'year',
  reads: { oko_budget: (year) => [year] },
  sql: `select regnskabsaar || '-' || lpad(month::varchar, 2, '0') as period, beloeb
    from (select regnskabsaar, sum(beloeb) as beloeb from oko_budget
      where version = 'korr' and dranst = '1' group by regnskabsaar)
    cross join range(1, 13) months(month)`,
};
