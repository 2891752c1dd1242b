// What the formulas of `skole` measure, as SQL over the tables. A source also yields the neighbouring periods that its
// slices happen to hold in part; only the periods of the bucket are whole.
import { ALL, monthsOf, periodOfMonth, shiftPeriod } from '../../platform/time/period.ts';
import type { SliceReads, Source } from '../definition.ts';
import { activeOn, FORLOEB, NAAET, previousSchoolYear, schoolYearOf, startYear, TAELLEDAGE } from './sql.ts';

const sameYear = (year: string): readonly string[] => [year];
const thisAndPrevious = (year: string): readonly string[] => [shiftPeriod(year, -1), year];
const whole = (): readonly string[] => [ALL];

const PUPILS: SliceReads = { sko_elev: sameYear, sko_skoledag: sameYear, sko_klasse: sameYear, sko_institution: whole };

/** Courses gathered by everything that counting looks at; turns 70 000 pupils into 2 000 rows before dates are joined. */
const GATHERED = `samlet as (
  select skoleaar, institution_nr, klasse_id, personligt_klassetrin, bopaelskommune = kommunekode as bosat,
    gyldig_fra, gyldig_til, count(*) as antal
  from sko_elev group by all)`;

const ON_COUNT_DATE = `taelledage join samlet on samlet.skoleaar = taelledage.skoleaar and ${activeOn('samlet', 'taelledage.dato')}`;

/** Pupils on each count date by institution, class type and own grade; `antal` pupils a row. */
export const elevtaelling: Source = {
  id: 'sko.elevtaelling',
  domain: 'skole',
  bucket: 'schoolYear',
  reads: PUPILS,
  sql: `with ${TAELLEDAGE}, ${GATHERED}
    select period, samlet.institution_nr, institutionstype, skoletype, klassetype, personligt_klassetrin, bosat, sum(antal) as antal
    from ${ON_COUNT_DATE}
    left join sko_institution on sko_institution.institution_nr = samlet.institution_nr
    left join sko_klasse on sko_klasse.skoleaar = samlet.skoleaar and sko_klasse.institution_nr = samlet.institution_nr
      and sko_klasse.klasse_id = samlet.klasse_id
    group by all`,
};

/** Classes that class size counts: normal classes of one grade at a folkeskole with 5 to 35 pupils on the count date. */
export const klassetaelling: Source = {
  id: 'sko.klassetaelling',
  domain: 'skole',
  bucket: 'schoolYear',
  reads: PUPILS,
  sql: `with ${TAELLEDAGE}, ${GATHERED}
    select period, sko_klasse.klassetrin, sum(antal) as elever
    from ${ON_COUNT_DATE}
    join sko_klasse on sko_klasse.skoleaar = samlet.skoleaar and sko_klasse.institution_nr = samlet.institution_nr
      and sko_klasse.klasse_id = samlet.klasse_id
    join sko_institution on sko_institution.institution_nr = samlet.institution_nr
    where klassetype = '40' and arsklasse and institutionstype = '1012'
    group by period, samlet.skoleaar, samlet.institution_nr, samlet.klasse_id, sko_klasse.klassetrin
    having sum(antal) between 5 and 35`,
};

/** Pupils of the folkeskole on each count date of a calendar year, one row per date. */
export const folkeskoleelever: Source = {
  id: 'sko.folkeskoleelever.aar',
  domain: 'skole',
  bucket: 'year',
  reads: {
    sko_elev: (year) => [periodOfMonth('schoolYear', `${year}-01`), periodOfMonth('schoolYear', `${year}-12`)],
    sko_skoledag: (year) => [periodOfMonth('schoolYear', `${year}-01`), periodOfMonth('schoolYear', `${year}-12`)],
    sko_institution: whole,
  },
  sql: `with ${TAELLEDAGE}, ${GATHERED}
    select left(period, 4) as period, period as maaned, sum(antal) as antal
    from ${ON_COUNT_DATE} join sko_institution using (institution_nr)
    where institutionstype = '1012'
    group by all`,
};

/** Pupils of grade 0 on 1 September by year of birth; `fylder` is the age that they reach in the calendar year. */
export const skolestart: Source = {
  id: 'sko.skolestart',
  domain: 'skole',
  bucket: 'schoolYear',
  reads: { sko_elev: sameYear, sko_skoledag: sameYear },
  sql: `with ${NAAET}
    select sko_elev.skoleaar as period, ${startYear('sko_elev.skoleaar')} - foedselsaar as fylder, count(*) as antal
    from sko_elev join naaet on naaet.skoleaar = sko_elev.skoleaar and naaet.dato >= make_date(${startYear('naaet.skoleaar')}, 9, 1)
    where personligt_klassetrin = 0 and ${activeOn('sko_elev', `make_date(${startYear('sko_elev.skoleaar')}, 9, 1)`)}
    group by all`,
};

/**
 * Pupils of grade 0 in a normal class on 5 September of the year before, one row each; `special`: now in a special class
 * of grade 1. The same pupil is the same person, whatever the school.
 */
export const overgang: Source = {
  id: 'sko.overgang-til-1-klasse',
  domain: 'skole',
  bucket: 'schoolYear',
  reads: { sko_elev: thisAndPrevious, sko_skoledag: thisAndPrevious, sko_klasse: thisAndPrevious },
  sql: `with ${TAELLEDAGE}, start as (
      select sko_elev.skoleaar, borger_id, personligt_klassetrin, klassetype
      from sko_elev
      join taelledage on taelledage.skoleaar = sko_elev.skoleaar and taelledage.kalendermaaned = 9 and ${activeOn('sko_elev', 'taelledage.dato')}
      join sko_klasse on sko_klasse.skoleaar = sko_elev.skoleaar and sko_klasse.institution_nr = sko_elev.institution_nr
        and sko_klasse.klasse_id = sko_elev.klasse_id
      where personligt_klassetrin in (0, 1)),
    nu as (select skoleaar, ${previousSchoolYear('skoleaar')} as forrige from taelledage where kalendermaaned = 9),
    special as (select distinct skoleaar, borger_id from start where personligt_klassetrin = 1 and klassetype = '50'),
    nulte as (select distinct skoleaar, borger_id from start where personligt_klassetrin = 0 and klassetype in ('40', '41'))
    select nu.skoleaar as period, special.borger_id is not null as special
    from nu join nulte on nulte.skoleaar = nu.forrige
    left join special on special.skoleaar = nu.skoleaar and special.borger_id = nulte.borger_id`,
};

/** The eight compulsory exams of grade 9; the joint science exam took the place of physics and chemistry. */
const COMPULSORY = `bundne(fag, proeveform, proeve) as (values
  ('dansk', 'laesning', 1), ('dansk', 'retskrivning', 2), ('dansk', 'skriftlig', 3), ('dansk', 'mundtlig', 4),
  ('engelsk', 'mundtlig', 5), ('fysik-kemi', 'praktisk', 6), ('naturfag', 'praktisk', 6),
  ('matematik', 'problemloesning', 7), ('matematik', 'faerdigheder', 8))`;

/** Exam grades of grade 9 by compulsory exam; an exam that is there twice (DQ13-dublet) counts once, with its best grade. */
export const COMPULSORY_EXAMS = `${COMPULSORY}, proever as (
  select skoleaar, elev_ident, proeve, max(karakter) as karakter, count(*) as antal
  from sko_karakter join bundne using (fag, proeveform)
  where karakterart = 'proeve' and eksamenstype in ('FP9', 'FSA') and karakter is not null
  group by all)`;

/**
 * Pupils of grade 9 with at least 4 of the 8 compulsory exams, one row each. `gennemsnit_840` is the pupil's mean × 840, a whole
 * number because 840 is the least common multiple of 4 to 8: the sum of means stays exact.
 */
export const karaktergennemsnit: Source = {
  id: 'sko.karaktergennemsnit',
  domain: 'skole',
  bucket: 'schoolYear',
  reads: { sko_karakter: sameYear, sko_elev: sameYear },
  sql: `with ${COMPULSORY_EXAMS}
    select skoleaar as period, sum(karakter) * (840 // count(*)) as gennemsnit_840
    from proever semi join (select skoleaar, elev_ident from sko_elev where personligt_klassetrin = 9) niende using (skoleaar, elev_ident)
    group by skoleaar, elev_ident
    having count(*) >= 4`,
};

/** School days per course (CTEs `forloeb`, `dage`): `dage` has one row per course and day held, in months with absence. */
const PUPIL_DAYS = `${FORLOEB}, maaneder as (select distinct strftime(dato, '%Y-%m') as maaned from sko_fravaer_dag),
  dage as (
    select forloeb.*, sko_skoledag.dato, strftime(sko_skoledag.dato, '%Y-%m') as maaned
    from forloeb join sko_skoledag on sko_skoledag.skoleaar = forloeb.skoleaar and sko_skoledag.institution_nr = kalender
      and ${activeOn('forloeb', 'sko_skoledag.dato')}
    where strftime(sko_skoledag.dato, '%Y-%m') in (select maaned from maaneder))`;

/** Absence on a school day of a pupil who is enrolled that day at an institution with daily absence. */
const PUPIL_ABSENCE = `fravaer as (
    select skoleaar, sko_elev.elev_ident, strftime(sko_fravaer_dag.dato, '%Y-%m') as maaned, andel
    from sko_fravaer_dag
    join sko_elev on sko_elev.elev_ident = sko_fravaer_dag.elev_ident and ${activeOn('sko_elev', 'sko_fravaer_dag.dato')}
      and sko_elev.skoleaar = ${schoolYearOf('sko_fravaer_dag.dato')}
    semi join dage on dage.skoleaar = sko_elev.skoleaar and dage.institution_nr = sko_elev.institution_nr
      and dage.dato = sko_fravaer_dag.dato)`;

/** Absence, pupil-days and the pupils who have them by month, in rows that hold one of the three; months without any absence row are not there. */
export const fravaerMaaned: Source = {
  id: 'sko.fravaer.maaned',
  domain: 'skole',
  bucket: 'month',
  reads: {
    sko_fravaer_dag: (month) => [month],
    sko_elev: (month) => [periodOfMonth('schoolYear', month)],
    sko_skoledag: (month) => [periodOfMonth('schoolYear', month)],
    sko_institution: whole,
  },
  needs: ['sko_fravaer_dag'],
  sql: `with ${PUPIL_DAYS}, ${PUPIL_ABSENCE}
    select maaned as period, sum(antal) as elevdage, null as fravaersdage, null as elever from dage group by maaned
    union all
    select maaned, null, sum(andel), null from fravaer group by maaned
    union all
    select maaned, null, null, count(distinct elev_ident)
    from (select distinct maaned, skoleaar, institution_nr, gyldig_fra, gyldig_til from dage) forloeb
    join sko_elev on sko_elev.skoleaar = forloeb.skoleaar and sko_elev.institution_nr = forloeb.institution_nr
      and sko_elev.gyldig_fra = forloeb.gyldig_fra and sko_elev.gyldig_til is not distinct from forloeb.gyldig_til
    group by maaned`,
};

/**
 * Pupils by school year with their school days and absence, over the months that have absence registered; one row each.
 * `maaneder` and `skolemaaneder`: how many months have absence, and how many have school days.
 */
export const fravaerSkoleaar: Source = {
  id: 'sko.fravaer.skoleaar',
  domain: 'skole',
  bucket: 'schoolYear',
  reads: { sko_fravaer_dag: monthsOf, sko_elev: sameYear, sko_skoledag: sameYear, sko_institution: whole },
  needs: ['sko_fravaer_dag'],
  sql: `with ${PUPIL_DAYS}, ${PUPIL_ABSENCE},
    laengder as (select skoleaar, institution_nr, gyldig_fra, gyldig_til, count(*) as skoledage from dage group by all),
    elever as (
      select sko_elev.skoleaar, elev_ident, sum(skoledage) as skoledage
      from sko_elev join laengder on laengder.skoleaar = sko_elev.skoleaar and laengder.institution_nr = sko_elev.institution_nr
        and laengder.gyldig_fra = sko_elev.gyldig_fra and laengder.gyldig_til is not distinct from sko_elev.gyldig_til
      group by all),
    borte as (select skoleaar, elev_ident, sum(andel) as fravaersdage from fravaer group by all),
    daekning as (
      select skoleaar, count(distinct strftime(dato, '%Y-%m')) as skolemaaneder,
        count(distinct strftime(dato, '%Y-%m')) filter (where strftime(dato, '%Y-%m') in (select maaned from maaneder)) as maaneder
      from sko_skoledag group by skoleaar)
    select skoleaar as period, skoledage, coalesce(fravaersdage, 0) as fravaersdage, maaneder, skolemaaneder
    from elever left join borte using (skoleaar, elev_ident) join daekning using (skoleaar)`,
};
