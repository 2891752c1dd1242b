// Rules DQ07 and DQ24: the newest period against the municipality's own earlier ones. Only the period
// that the rule runs for is judged, and only when it has been delivered, be it without any rows.
import { ALL, addMonths, periodOfMonth, shiftPeriod } from '../../platform/time/period.ts';
import type { Rule, Severity, SliceReads } from '../definition.ts';
import { activeOn, KOMMUNALE_INSTITUTIONSTYPER, previousSchoolYear, SPECIALINSTITUTIONER, TAELLEDAGE } from './sql.ts';

const withThreeBefore = (year: string): string[] => [-3, -2, -1, 0].map((count) => shiftPeriod(year, count));
const thisAndPrevious = (year: string): string[] => [shiftPeriod(year, -1), year];
const MONTHS: SliceReads = {
  sko_fravaer_dag: (month) => [-3, -2, -1, 0].map((count) => addMonths(month, count)),
  sko_skoledag: (month) => [...new Set([-3, 0].map((count) => periodOfMonth('schoolYear', addMonths(month, count))))],
};

const DEVIATION = {
  warning: {
    id: 'DQ07',
    da: 'Antal rækker afviger mere end 20 pct.',
    en: 'Number of rows deviates more than 20 per cent',
  },
  error: {
    id: 'DQ07-50',
    da: 'Antal rækker afviger mere end 50 pct.',
    en: 'Number of rows deviates more than 50 per cent',
  },
} as const;

/**
 * A rule over `tal(periode, antal)`, a count per period: this one against the mean of those before, by 20 to 50 per cent
 * (warning) or more (error). Whole numbers only, so nothing depends on rounding. Without rows before there is nothing to compare with.
 */
function deviation(
  severity: Extract<Severity, 'warning' | 'error'>,
  subject: string,
  table: string,
  reads: SliceReads,
  bucket: 'schoolYear' | 'month',
  counts: string,
): Rule {
  const { id, da, en } = DEVIATION[severity];
  const difference = 'abs(nu * perioder - foer)';
  const bounds =
    severity === 'warning' ? `${difference} * 5 > foer and ${difference} * 2 <= foer` : `${difference} * 2 > foer`;
  return {
    id: `${id}-${subject}`,
    severity,
    scope: 'domain',
    table,
    bucket,
    reads,
    needsEarlier: true,
    title: { da: `${da} (${table})`, en: `${en} (${table})` },
    message: {
      da: 'Antallet afviger fra gennemsnittet af de op til tre perioder før. Se efter, om leverancen er fuldstændig.',
      en: 'The number deviates from the mean of the up to three periods before. Check that the delivery is complete.',
    },
    view: {
      name: `foer_og_nu_${subject}`,
      query: `with tal as (${counts})
        select bucket, max(antal) filter (where periode = bucket) as nu,
          sum(antal) filter (where periode < bucket) as foer,
          count(*) filter (where periode < bucket and antal > 0) as perioder
        from tal group by bucket`,
    },
    query: `select bucket, bucket as reference, nu || ' mod ' || (foer // perioder) || ' i gennemsnit' as detail_da,
        nu || ' against ' || (foer // perioder) || ' on average' as detail_en, 1 as count
      from foer_og_nu_${subject} where foer > 0 and ${bounds}`,
  };
}

/** Rows by school year; a year that has begun, or has school days or classes, but no rows counts as 0, so an empty file is noticed. */
const YEARLY = (table: string) => `select bucket, skoleaar as periode, count(${table}.kommunekode) as antal
  from (select bucket, skoleaar from sko_skoledag union select bucket, skoleaar from sko_klasse union select bucket, skoleaar from sko_elev
    union select bucket, bucket from buckets where left(bucket, 4) || '-08' <= getvariable('due')) aar
  left join ${table} using (bucket, skoleaar) group by bucket, skoleaar`;

const YEARS: SliceReads = { sko_elev: withThreeBefore, sko_klasse: withThreeBefore, sko_skoledag: withThreeBefore };

/** Absence rows per 100 school days; a month has fewer days in autumn holidays, which is no fault. One without absence counts as 0 once it is due. */
const PER_SCHOOL_DAY = `select bucket, maaned as periode, cast(coalesce(raekker, 0) * 100 // dage as bigint) as antal
  from (select bucket, strftime(dato, '%Y-%m') as maaned, sum(raekker) as raekker
    from (select bucket, dato, count(*) as raekker from sko_fravaer_dag group by bucket, dato) group by bucket, maaned)
  right join (select bucket, strftime(dato, '%Y-%m') as maaned, count(distinct dato) as dage from sko_skoledag group by bucket, maaned) using (bucket, maaned)
  where raekker is not null or maaned <= getvariable('due')`;

/** Grades come once a year in summer: a school year without any is not over yet, and says nothing. */
const GRADES = 'select bucket, skoleaar as periode, count(*) as antal from sko_karakter group by bucket, skoleaar';

export const historyRules: readonly Rule[] = [
  ...(['warning', 'error'] as const).flatMap((severity) => [
    deviation(severity, 'elev', 'sko_elev', YEARS, 'schoolYear', YEARLY('sko_elev')),
    deviation(severity, 'klasse', 'sko_klasse', YEARS, 'schoolYear', YEARLY('sko_klasse')),
    deviation(severity, 'karakter', 'sko_karakter', { sko_karakter: withThreeBefore }, 'schoolYear', GRADES),
    deviation(severity, 'fravaer', 'sko_fravaer_dag', MONTHS, 'month', PER_SCHOOL_DAY),
  ]),
  {
    id: 'DQ24',
    severity: 'warning',
    scope: 'domain',
    table: 'sko_elev',
    bucket: 'schoolYear',
    reads: {
      sko_elev: thisAndPrevious,
      sko_klasse: thisAndPrevious,
      sko_skoledag: thisAndPrevious,
      sko_institution: () => [ALL],
    },
    needsEarlier: true,
    title: {
      da: 'Segregeringsgraden afviger mere end 25 pct. fra året før',
      en: 'The segregation rate deviates more than 25 per cent from the year before',
    },
    message: {
      da: 'Andelen af elever i specialklasse og specialskole den 5. september er ændret mere end en fjerdedel siden året før. Se efter, om klassetyper eller institutionstyper er omregistreret.',
      en: 'The share of pupils in special classes and special schools on 5 September has changed by more than a quarter since the year before. Check whether kinds of class or institution were re-registered.',
    },
    query: `with ${TAELLEDAGE},
      aar as (
        select sko_elev.bucket, sko_elev.skoleaar, count(*) as alle,
          count(*) filter (where institutionstype in ${SPECIALINSTITUTIONER} or klassetype = '50') as segregerede
        from sko_elev join taelledage on taelledage.skoleaar = sko_elev.skoleaar and taelledage.kalendermaaned = 9 and ${activeOn('sko_elev', 'taelledage.dato')}
        join sko_institution on sko_institution.institution_nr = sko_elev.institution_nr
        left join sko_klasse on sko_klasse.bucket = sko_elev.bucket and sko_klasse.skoleaar = sko_elev.skoleaar and sko_klasse.institution_nr = sko_elev.institution_nr
          and sko_klasse.klasse_id = sko_elev.klasse_id
        where institutionstype in ${KOMMUNALE_INSTITUTIONSTYPER} group by sko_elev.bucket, sko_elev.skoleaar)
      select nu.bucket, nu.skoleaar as reference, null as detail_da, null as detail_en, 1 as count
      from aar nu join aar foer on foer.bucket = nu.bucket and foer.skoleaar = ${previousSchoolYear('nu.skoleaar')}
      where nu.skoleaar = nu.bucket and foer.segregerede >= 20
        and abs(nu.segregerede * foer.alle - foer.segregerede * nu.alle) * 4 > foer.segregerede * nu.alle`,
  },
];
