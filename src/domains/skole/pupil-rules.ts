// Rules DQ14-DQ18 on pupil courses: open answers, municipality roles, dates and ages. Findings never name a pupil.
import type { Rule, Text } from '../definition.ts';
import { startYear } from './sql.ts';

/** Pupils with the open answer, when their share of the slice lies above one bound and not above the other (in per cent). */
function openAnswers(id: string, severity: 'warning' | 'error', above: number, notAbove: number, title: Text): Rule {
  return {
    id,
    severity,
    scope: 'slice',
    table: 'sko_elev',
    column: 'elevtype',
    title,
    message: {
      da: 'For mange elever har elevtypen 9, andet eller uoplyst. Brug de faste svar i fagsystemet.',
      en: 'Too many pupils have the kind 9, other or not stated. Use the fixed answers of the source system.',
    },
    view: {
      name: 'aabne_svar',
      query: `select bucket, skoleaar, count(*) as alle, count(*) filter (where elevtype = '9') as aabne from sko_elev group by bucket, skoleaar`,
    },
    query: `select bucket, skoleaar as reference, ((aabne * 200 + alle) // (2 * alle)) || ' pct.' as detail_da, ((aabne * 200 + alle) // (2 * alle)) || ' per cent' as detail_en, aabne as count
      from aabne_svar where aabne * 100 > alle * ${above} and aabne * 100 <= alle * ${notAbove} order by skoleaar`,
  };
}

export const pupilRules: readonly Rule[] = [
  openAnswers('DQ14', 'warning', 2, 10, {
    da: 'Over 2 pct. åbne svar i elevtype',
    en: 'More than 2 per cent open answers in kind of pupil',
  }),
  openAnswers('DQ14-10', 'error', 10, 100, {
    da: 'Over 10 pct. åbne svar i elevtype',
    en: 'More than 10 per cent open answers in kind of pupil',
  }),
  {
    id: 'DQ15',
    severity: 'info',
    scope: 'slice',
    table: 'sko_elev',
    column: 'betalingskommune',
    title: { da: 'Betalingskommune mangler', en: 'Paying municipality missing' },
    message: {
      da: 'Betalingskommunen er tom.',
      en: 'The paying municipality is empty.',
    },
    query: `select bucket, skoleaar as reference, null as detail_da, null as detail_en, count(*) as count
      from sko_elev where betalingskommune is null group by bucket, skoleaar order by skoleaar`,
  },
  {
    id: 'DQ16',
    severity: 'warning',
    scope: 'slice',
    table: 'sko_elev',
    column: 'bopaelskommune',
    title: { da: 'Bopælskommune afviger fra CPR', en: 'Residence differs from CPR' },
    message: {
      da: 'Fagsystemets bopælskommune er en anden end CPR-registerets. Ret den i fagsystemet.',
      en: 'The municipality of residence in the source system is another than in the CPR register. Correct it in the source system.',
    },
    query: `select bucket, bopaelskommune as reference, skoleaar as detail_da, skoleaar as detail_en, count(*) as count
      from sko_elev where not bopaelskommune_fra_cpr and bopaelskommune <> kommunal_tilhoersforhold
      group by bucket, skoleaar, bopaelskommune order by skoleaar, bopaelskommune`,
  },
  {
    id: 'DQ17',
    severity: 'error',
    scope: 'row',
    table: 'sko_elev',
    column: 'gyldig_til',
    title: { da: 'Slut før start', en: 'End before start' },
    message: {
      da: 'Gyldig til ligger før gyldig fra. Forløbet tæller ikke med nogen dag.',
      en: 'Valid to lies before valid from. The course counts on no day.',
    },
    violation: 'gyldig_til < gyldig_fra',
  },
  {
    id: 'DQ17-skoleaar',
    severity: 'error',
    scope: 'row',
    table: 'sko_elev',
    column: 'gyldig_fra',
    title: { da: 'Start uden for skoleåret', en: 'Start outside the school year' },
    message: {
      da: 'Gyldig fra ligger ikke mellem 1. august og 31. juli i skoleåret.',
      en: 'Valid from does not lie between 1 August and 31 July of the school year.',
    },
    violation: `gyldig_fra not between make_date(${startYear('skoleaar')}, 8, 1) and make_date(${startYear('skoleaar')} + 1, 7, 31)`,
  },
  {
    id: 'DQ17-overlap',
    severity: 'error',
    scope: 'slice',
    table: 'sko_elev',
    title: { da: 'Overlappende forløb', en: 'Overlapping courses' },
    message: {
      da: 'Elever går i to klasser på samme tid og tæller dobbelt. Afslut det ene forløb.',
      en: 'Pupils are in two classes at the same time and count twice. End one of the courses.',
    },
    query: `select bucket, institution_nr as reference, skoleaar as detail_da, skoleaar as detail_en, count(*) as count
      from (select bucket, skoleaar, institution_nr, gyldig_fra, max(coalesce(gyldig_til, date '9999-12-31')) over (
          partition by bucket, skoleaar, elev_ident order by gyldig_fra, institution_nr, klasse_id
          rows between unbounded preceding and 1 preceding) as forrige_til
        from sko_elev where gyldig_til is null or gyldig_til >= gyldig_fra)
      where gyldig_fra <= forrige_til group by bucket, skoleaar, institution_nr order by skoleaar, institution_nr`,
  },
  {
    id: 'DQ18',
    severity: 'warning',
    scope: 'row',
    table: 'sko_elev',
    column: 'foedselsaar',
    title: { da: 'Alder uden for skolealderen', en: 'Age outside school age' },
    message: {
      da: 'Eleven fylder under 4 eller over 20 år i det år, skoleåret begynder.',
      en: 'The pupil turns less than 4 or more than 20 in the year in which the school year begins.',
    },
    violation: `${startYear('skoleaar')} - foedselsaar not between 4 and 20`,
  },
];
