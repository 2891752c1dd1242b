// The named formulas of `borger`, shared by its own key figures and, as denominators, by other domains.
// Every row of bor_befolkning counts once: rule DQ05-ialt stops a month that mixes `ialt` with split rows,
// DQ05-aldersbaand one with overlapping age bands, so no formula needs to choose between rows.
import type { Formula, Source } from '../definition.ts';

/** The year that BO01 is measured against. */
export const BASE_YEAR = '2015';

/** The population on the 1st of each month. */
const perMonth: Source = {
  id: 'bor.befolkning.maaned',
  domain: 'borger',
  bucket: 'year',
  reads: { bor_befolkning: (year) => [year] },
  sql: 'select maaned as period, alder_fra, alder_til, antal from bor_befolkning',
};

/** The population on 1 January of each year. */
const perYear: Source = {
  id: 'bor.befolkning.primo',
  domain: 'borger',
  bucket: 'year',
  reads: { bor_befolkning: (year) => [year] },
  sql: `select left(maaned, 4) as period, alder_fra, alder_til, antal from bor_befolkning where right(maaned, 2) = '01'`,
};

/** For every year with a population on 1 January: the population of the base year (one row of nulls when it is absent). */
const baseYear: Source = {
  id: 'bor.befolkning.basisaar',
  domain: 'borger',
  bucket: 'year',
  reads: { bor_befolkning: (year) => [...new Set([BASE_YEAR, year])] },
  sql: `select years.period, base.alder_fra, base.alder_til, base.antal
    from (select distinct left(maaned, 4) as period from bor_befolkning where right(maaned, 2) = '01') years
    left join (select alder_fra, alder_til, antal from bor_befolkning where maaned = '${BASE_YEAR}-01') base on true`,
};

/** Events by month, and a row without one for every month with a population: where a year's events are delivered, such a month had none. */
const events: Source = {
  id: 'bor.bevaegelse.maaned',
  domain: 'borger',
  bucket: 'year',
  reads: { bor_bevaegelse: (year) => [year], bor_befolkning: (year) => [year] },
  needs: ['bor_bevaegelse'],
  sql: `select strftime(dato, '%Y-%m') as period, haendelse from bor_bevaegelse
    union all
    select distinct maaned, null from bor_befolkning`,
};

const OLDEST = 125;

/** Inhabitants whose band lies within `from`..`to`, ages inclusive. */
function countWithin(from: number, to: number): string {
  return `coalesce(sum(antal) filter (where alder_fra >= ${from} and alder_til <= ${to}), 0)`;
}

/** Whether a delivered band begins before age `limit` and ends at it or after it: then ages cannot be told apart there. */
function cutBand(limit: number): string {
  return `coalesce(bool_or(alder_fra < ${limit} and alder_til >= ${limit}), false)`;
}

/** Bands cut by an age limit of `from`..`to` give no value, never a guess. */
function ageBands(from: number, to: number): NonNullable<Formula['missing']> {
  const limits = [...(from > 0 ? [from] : []), ...(to < OLDEST ? [to + 1] : [])];
  return [{ reason: 'age-bands', when: limits.map(cutBand).join(' or ') }];
}

/** All inhabitants on the 1st of the month; the denominator of monthly figures. */
export const befolkning: Formula = {
  id: 'bor.befolkning',
  version: 1,
  domain: 'borger',
  title: { da: 'Befolkning den 1. i måneden', en: 'Population on the 1st of the month' },
  source: perMonth,
  measure: 'sum(antal)',
};

/** All inhabitants on 1 January; the denominator of yearly figures per inhabitant. */
export const befolkningPrimo: Formula = {
  id: 'bor.befolkning.primo',
  version: 1,
  domain: 'borger',
  title: { da: 'Befolkning den 1. januar', en: 'Population on 1 January' },
  source: perYear,
  measure: 'sum(antal)',
};

/** Inhabitants aged 80 and over on the 1st of the month. */
export const befolkning80Plus: Formula = {
  id: 'bor.befolkning.80plus',
  version: 1,
  domain: 'borger',
  title: {
    da: 'Borgere på 80 år og derover den 1. i måneden',
    en: 'Inhabitants aged 80 and over on the 1st of the month',
  },
  source: perMonth,
  measure: countWithin(80, OLDEST),
  missing: ageBands(80, OLDEST),
};

/** Children of school age, 6–17 years, on 1 January. */
export const befolkning6Til17Primo: Formula = {
  id: 'bor.befolkning.6-17.primo',
  version: 1,
  domain: 'borger',
  title: { da: '6-17-årige den 1. januar', en: 'Inhabitants aged 6–17 on 1 January' },
  source: perYear,
  measure: countWithin(6, 17),
  missing: ageBands(6, 17),
};

/** Children of school age on 1 January of the base year. */
export const befolkning6Til17Basisaar: Formula = {
  id: 'bor.befolkning.6-17.basisaar',
  version: 1,
  domain: 'borger',
  title: { da: `6-17-årige den 1. januar ${BASE_YEAR}`, en: `Inhabitants aged 6–17 on 1 January ${BASE_YEAR}` },
  source: baseYear,
  measure: countWithin(6, 17),
  missing: [{ reason: 'no-base-year', when: 'count(antal) = 0' }, ...ageBands(6, 17)],
};

/** The ages mostly provided for: 0–16 and 67 and over, on 1 January. */
export const befolkningForsoergede: Formula = {
  id: 'bor.befolkning.forsoergede.primo',
  version: 1,
  domain: 'borger',
  title: { da: '0-16-årige og 67+-årige den 1. januar', en: 'Inhabitants aged 0–16 and 67 and over on 1 January' },
  source: perYear,
  measure: `${countWithin(0, 16)} + ${countWithin(67, OLDEST)}`,
  missing: ageBands(17, 66),
};

/** The ages of working life, 17–66 years, on 1 January. */
export const befolkning17Til66Primo: Formula = {
  id: 'bor.befolkning.17-66.primo',
  version: 1,
  domain: 'borger',
  title: { da: '17-66-årige den 1. januar', en: 'Inhabitants aged 17–66 on 1 January' },
  source: perYear,
  measure: countWithin(17, 66),
  missing: ageBands(17, 66),
};

/** Moved in and immigrated, less moved out and emigrated. Found and disappeared persons are corrections, not moves. */
export const nettotilflytning: Formula = {
  id: 'bor.nettotilflytning',
  version: 2,
  domain: 'borger',
  title: { da: 'Nettotilflytning i måneden', en: 'Net migration in the month' },
  source: events,
  measure: `count(*) filter (where haendelse in ('tilflyttet', 'indvandret')) - count(*) filter (where haendelse in ('fraflyttet', 'udvandret'))`,
};

/** Children born in the month. */
export const foedte: Formula = {
  id: 'bor.foedte',
  version: 2,
  domain: 'borger',
  title: { da: 'Fødte i måneden', en: 'Births in the month' },
  source: events,
  measure: `count(*) filter (where haendelse = 'foedt')`,
};
