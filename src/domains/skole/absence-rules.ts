// Rules on daily absence: never registered, improbably high, uneven coverage (DQ23, DQ25) and impossible shares of a day (DQ03-andel).
import { ALL, addMonths, monthsOf, periodOfMonth } from '../../platform/time/period.ts';
import type { Rule, RuleView, SliceReads } from '../definition.ts';
import { activeOn, FRAVAERSINSTITUTIONER, schoolYearOf } from './sql.ts';

const threeMonths = (month: string): string[] => [-2, -1, 0].map((count) => addMonths(month, count));
const yearsOf = (months: readonly string[]): string[] => [
  ...new Set(months.map((month) => periodOfMonth('schoolYear', month))),
];

const THREE_MONTHS: SliceReads = {
  sko_fravaer_dag: threeMonths,
  sko_elev: (month) => yearsOf(threeMonths(month)),
  sko_skoledag: (month) => yearsOf(threeMonths(month)),
  sko_institution: () => [ALL],
};

/**
 * Absence by institution and month, in months with absence in the municipality. Days are few and rows many, so months are worked out per day. School days common to all are enough here: the rules look for gross faults.
 * `aarets_elevdage` counts the month's own school year only: of three months two years may be read, and the older calendar may hold dates of the newer.
 */
const UNITS: RuleView = {
  name: 'fravaersenheder',
  query: `with forloeb as (
    select bucket, institution_nr, skoleaar, gyldig_fra, gyldig_til, count(*) as antal
    from sko_elev join sko_institution using (institution_nr) where institutionstype in ${FRAVAERSINSTITUTIONER} group by all),
  fravaersdage as (
    select bucket, dato, strftime(dato, '%Y-%m') as maaned, ${schoolYearOf('dato')} as skoleaar
    from (select distinct bucket, dato from sko_fravaer_dag)),
  registreret as (select distinct bucket, maaned from fravaersdage),
  skoledage as (
    select bucket, skoleaar, dato, strftime(dato, '%Y-%m') as maaned, skoleaar = ${schoolYearOf('dato')} as egen
    from sko_skoledag semi join registreret on registreret.bucket = sko_skoledag.bucket and registreret.maaned = strftime(dato, '%Y-%m')
    where institution_nr = ''),
  elevdage as (
    select forloeb.bucket, forloeb.institution_nr, maaned, sum(antal) as elevdage, sum(antal) filter (where egen) as aarets_elevdage
    from forloeb join skoledage on skoledage.bucket = forloeb.bucket and skoledage.skoleaar = forloeb.skoleaar
      and ${activeOn('forloeb', 'dato')}
    group by all),
  borte as (
    select bucket, institution_nr, maaned, sum(andel) as fravaer
    from sko_fravaer_dag join fravaersdage using (bucket, dato)
      join sko_elev using (bucket, skoleaar, elev_ident) where ${activeOn('sko_elev', 'dato')}
    group by all)
  select bucket, institution_nr, maaned, elevdage, aarets_elevdage, coalesce(fravaer, 0) as fravaer
  from elevdage left join borte using (bucket, institution_nr, maaned)`,
};

export const absenceRules: readonly Rule[] = [
  {
    id: 'DQ03-andel',
    severity: 'error',
    scope: 'row',
    table: 'sko_fravaer_dag',
    column: 'andel',
    title: { da: 'Andel af dagen er ikke mellem 0 og 1', en: 'Share of the day is not between 0 and 1' },
    message: {
      da: 'Andelen af en fraværsdag skal være over 0 og højst 1.',
      en: 'The share of a day of absence must be above 0 and at most 1.',
    },
    violation: 'andel <= 0 or andel > 1',
  },
  {
    id: 'DQ23',
    severity: 'warning',
    scope: 'domain',
    table: 'sko_fravaer_dag',
    bucket: 'month',
    reads: THREE_MONTHS,
    needsEarlier: true,
    title: { da: 'Intet fravær registreret i tre måneder', en: 'No absence registered for three months' },
    message: {
      da: 'Skolen har intet elevfravær i tre måneder, hvor kommunens andre skoler har. Formentlig registreres fraværet ikke.',
      en: "The school has no pupil absence for three months in which the municipality's other schools have. Probably absence is not registered.",
    },
    view: UNITS,
    query: `select bucket, institution_nr as reference, null as detail_da, null as detail_en, 1 as count
      from fravaersenheder group by bucket, institution_nr
      having count(*) = 3 and sum(fravaer) = 0 and sum(elevdage) >= 1000 order by institution_nr`,
  },
  {
    id: 'DQ23-hoejt',
    severity: 'warning',
    scope: 'domain',
    table: 'sko_fravaer_dag',
    bucket: 'month',
    // One month is judged. The same three are read as by DQ23, so that both run in one statement: their view costs 10 ms of planning a bucket.
    reads: THREE_MONTHS,
    title: { da: 'Fravær over 20 pct. på en skole', en: 'Absence above 20 per cent at a school' },
    message: {
      da: 'Skolens fravær er over 20 pct. af elevdagene i måneden. Se efter, om lejrskole eller fridage er registreret som fravær.',
      en: "The school's absence is above 20 per cent of pupil-days in the month. Check whether school trips or holidays are registered as absence.",
    },
    view: UNITS,
    query: `select bucket, institution_nr as reference, maaned as detail_da, maaned as detail_en, 1 as count
      from fravaersenheder where maaned = bucket and aarets_elevdage >= 100 and fravaer * 5 > aarets_elevdage
      order by institution_nr`,
  },
  {
    id: 'DQ25',
    severity: 'error',
    scope: 'domain',
    table: 'sko_fravaer_dag',
    bucket: 'schoolYear',
    reads: { sko_fravaer_dag: monthsOf, sko_skoledag: (year) => [year] },
    title: { da: 'For få måneder med fravær', en: 'Too few months with absence' },
    message: {
      da: 'Fravær er leveret for under 8 af 12 (to tredjedele) af månederne med skoledage. Skoleårets andel med højt fravær beregnes ikke.',
      en: 'Absence has been delivered for less than 8 of 12 (two thirds) of the months with school days. The share with high absence of the school year is not computed.',
    },
    // A calendar holds the whole year in advance: months count up to the last one that is delivered or due.
    query: `with leveret as (select distinct bucket, strftime(dato, '%Y-%m') as maaned from (select distinct bucket, dato from sko_fravaer_dag)),
      dage as (select distinct bucket, skoleaar, strftime(dato, '%Y-%m') as maaned from sko_skoledag),
      maaneder as (
        select bucket, skoleaar, maaned from dage left join (select bucket, max(maaned) as sidste from leveret group by bucket) using (bucket)
        where maaned <= greatest(getvariable('due'), sidste))
      select bucket, skoleaar as reference, count(leveret.maaned) || ' af ' || count(*) || ' måneder' as detail_da,
        count(leveret.maaned) || ' of ' || count(*) || ' months' as detail_en, 1 as count
      from maaneder left join leveret using (bucket, maaned)
      group by bucket, skoleaar having count(leveret.maaned) * 12 < count(*) * 8`,
  },
];
