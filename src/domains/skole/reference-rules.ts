// Rules DQ06: what a row points to must exist. Findings name institutions, classes and codes, never pupils.
import { ALL, periodOfMonth } from '../../platform/time/period.ts';
import type { Rule, RuleView } from '../definition.ts';
import { CHRISTIANSOE, MUNICIPALITIES } from '../municipalities.ts';
import { activeOn, KLASSE, schoolYearOf } from './sql.ts';

const KNOWN = MUNICIPALITIES.map(({ code }) => `'${code}'`).join(', ');

/** Every municipality code of sko_elev with the column that it stands in, and how often it does. */
const MUNICIPALITY_CODES: RuleView = {
  name: 'kommunekoder',
  query: `select bucket, coalesce(betalingskommune, bopaelskommune, kommunal_tilhoersforhold) as kode, count(*) as antal,
    case grouping(betalingskommune, bopaelskommune, kommunal_tilhoersforhold)
      when 3 then 'betalingskommune' when 5 then 'bopaelskommune' else 'kommunal_tilhoersforhold' end as kolonne
  from sko_elev
  group by grouping sets ((bucket, betalingskommune), (bucket, bopaelskommune), (bucket, kommunal_tilhoersforhold))`,
};

export const referenceRules: readonly Rule[] = [
  {
    id: 'DQ06-institution',
    severity: 'error',
    scope: 'domain',
    table: 'sko_elev',
    column: 'institution_nr',
    bucket: 'schoolYear',
    reads: { sko_elev: (year) => [year], sko_institution: () => [ALL] },
    title: { da: 'Ukendt institution for elever', en: 'Unknown institution of pupils' },
    message: {
      da: 'Elever går på en institution, der ikke står i sko_institution. De tæller ikke med i nøgletal om skoler. Lever institutionen, eller ret nummeret.',
      en: 'Pupils attend an institution that is not in sko_institution. They are left out of key figures on schools. Deliver the institution or correct the number.',
    },
    query: `select bucket, institution_nr as reference, null as detail_da, null as detail_en, count(*) as count
      from sko_elev anti join sko_institution using (institution_nr)
      group by bucket, institution_nr order by institution_nr`,
  },
  {
    id: 'DQ06-klasse',
    severity: 'error',
    scope: 'domain',
    table: 'sko_elev',
    column: 'klasse_id',
    bucket: 'schoolYear',
    reads: { sko_elev: (year) => [year], sko_klasse: (year) => [year] },
    title: { da: 'Ukendt klasse for elever', en: 'Unknown class of pupils' },
    message: {
      da: 'Elever går i en klasse, der ikke står i sko_klasse for skoleåret. Lever klassen, eller ret betegnelsen.',
      en: 'Pupils are in a class that is not in sko_klasse for the school year. Deliver the class or correct its name.',
    },
    query: `select bucket, ${KLASSE} as reference, null as detail_da, null as detail_en, count(*) as count
      from sko_elev anti join sko_klasse using (bucket, skoleaar, institution_nr, klasse_id)
      group by bucket, institution_nr, klasse_id order by institution_nr, klasse_id`,
  },
  {
    id: 'DQ06-klasse-institution',
    severity: 'error',
    scope: 'domain',
    table: 'sko_klasse',
    column: 'institution_nr',
    bucket: 'schoolYear',
    reads: { sko_klasse: (year) => [year], sko_institution: () => [ALL] },
    title: { da: 'Ukendt institution for klasser', en: 'Unknown institution of classes' },
    message: {
      da: 'Klasser hører til en institution, der ikke står i sko_institution. Lever institutionen, eller ret nummeret.',
      en: 'Classes belong to an institution that is not in sko_institution. Deliver the institution or correct the number.',
    },
    query: `select bucket, institution_nr as reference, null as detail_da, null as detail_en, count(*) as count
      from sko_klasse anti join sko_institution using (institution_nr)
      group by bucket, institution_nr order by institution_nr`,
  },
  {
    id: 'DQ06-kommune',
    severity: 'error',
    scope: 'slice',
    table: 'sko_elev',
    title: { da: 'Ukendt kommunekode', en: 'Unknown municipality code' },
    message: {
      da: 'En kommunekode er ikke en af landets 98 kommuner. Ret koden i fagsystemet.',
      en: 'A municipality code is none of the 98 municipalities. Correct the code in the source system.',
    },
    view: MUNICIPALITY_CODES,
    query: `select bucket, kode as reference, kolonne as detail_da, kolonne as detail_en, antal as count
      from kommunekoder where kode not in (${KNOWN}, '${CHRISTIANSOE}') order by kode, kolonne`,
  },
  {
    id: 'DQ06-christiansoe',
    severity: 'info',
    scope: 'slice',
    table: 'sko_elev',
    title: { da: 'Christiansø', en: 'Christiansø' },
    message: {
      da: 'Elever hører til Christiansø (411), som ikke er en kommune. Koden er tilladt.',
      en: 'Pupils belong to Christiansø (411), which is no municipality. The code is allowed.',
    },
    view: MUNICIPALITY_CODES,
    query: `select bucket, kode as reference, kolonne as detail_da, kolonne as detail_en, antal as count
      from kommunekoder where kode = '${CHRISTIANSOE}' order by kolonne`,
  },
  {
    id: 'DQ06-karakter',
    severity: 'error',
    scope: 'domain',
    table: 'sko_karakter',
    column: 'elev_ident',
    bucket: 'schoolYear',
    reads: { sko_karakter: (year) => [year], sko_elev: (year) => [year] },
    title: { da: 'Karakterer uden elev', en: 'Grades without a pupil' },
    message: {
      da: 'Karakterer hører til elever, der ikke står i sko_elev i skoleåret. De indgår ikke i gennemsnittet.',
      en: 'Grades belong to pupils who are not in sko_elev in the school year. They are left out of the mean.',
    },
    query: `select bucket, skoleaar as reference, null as detail_da, null as detail_en, count(*) as count
      from sko_karakter anti join sko_elev using (bucket, skoleaar, elev_ident) group by bucket, skoleaar order by skoleaar`,
  },
  {
    id: 'DQ06-fravaer',
    severity: 'error',
    scope: 'domain',
    table: 'sko_fravaer_dag',
    column: 'elev_ident',
    bucket: 'month',
    reads: { sko_fravaer_dag: (month) => [month], sko_elev: (month) => [periodOfMonth('schoolYear', month)] },
    title: { da: 'Fravær uden indskreven elev', en: 'Absence without an enrolled pupil' },
    message: {
      da: 'Fravær er registreret på dage, hvor eleven ikke er indskrevet efter sko_elev. Det indgår ikke i elevfraværet.',
      en: 'Absence is registered on days when the pupil is not enrolled according to sko_elev. It is left out of pupil absence.',
    },
    query: `with dage as (select dato, strftime(dato, '%Y-%m') as maaned, ${schoolYearOf('dato')} as skoleaar from (select distinct dato from sko_fravaer_dag)),
      fravaer as (select bucket, maaned, skoleaar, dato, elev_ident from sko_fravaer_dag join dage using (dato))
      select bucket, maaned as reference, null as detail_da, null as detail_en, count(*) as count
      from fravaer anti join sko_elev on sko_elev.bucket = fravaer.bucket and sko_elev.elev_ident = fravaer.elev_ident
        and sko_elev.skoleaar = fravaer.skoleaar and ${activeOn('sko_elev', 'fravaer.dato')}
      group by all order by all`,
  },
];
