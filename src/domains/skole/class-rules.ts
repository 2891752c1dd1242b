// Rules DQ10-DQ12: class types and class sizes, on which segregation and class size rest.
import { ALL } from '../../platform/time/period.ts';
import type { Rule, RuleView, SliceReads } from '../definition.ts';
import { activeOn, KLASSE, TAELLEDAGE } from './sql.ts';

const CLASSES: SliceReads = { sko_klasse: (year) => [year], sko_institution: () => [ALL] };
const PUPILS: SliceReads = {
  sko_klasse: (year) => [year],
  sko_elev: (year) => [year],
  sko_skoledag: (year) => [year],
};

/** Normal classes with their pupils on 5 September, or on 1 August as long as the data reach no further. */
const SIZES: RuleView = {
  name: 'klassestoerrelser',
  query: `with ${TAELLEDAGE},
    dag as (select skoleaar, max(dato) as dato from taelledage where kalendermaaned in (8, 9) group by skoleaar)
    select bucket, skoleaar, institution_nr, klasse_id, klassetrin, arsklasse, count(*) as elever
    from sko_elev join sko_klasse using (bucket, skoleaar, institution_nr, klasse_id) join dag using (skoleaar)
    where klassetype in ('40', '41') and ${activeOn('sko_elev', 'dag.dato')}
    group by all`,
};

/** Classes of known institutions: how many there are of the kinds that the rules tell apart. */
const KINDS: RuleView = {
  name: 'institutionens_klasser',
  query: `select bucket, skoleaar, institution_nr, institutionstype, count(*) as klasser,
      count(*) filter (where klassetype in ('40', '41')) as normalklasser,
      count(*) filter (where klassetype = '50') as specialklasser
    from sko_klasse join sko_institution using (institution_nr)
    group by all`,
};

export const classRules: readonly Rule[] = [
  {
    id: 'DQ10',
    severity: 'error',
    scope: 'row',
    table: 'sko_klasse',
    column: 'klassetype',
    title: { da: 'Klassetype mangler', en: 'Class type missing' },
    message: {
      da: 'Klassen har ingen klassetype og indgår derfor ikke i nøgletal om specialklasser og klassekvotient. Udfyld klassetypen i fagsystemet.',
      en: 'The class has no type and is therefore left out of key figures on special classes and class size. Enter the type in the source system.',
    },
    violation: 'klassetype is null',
  },
  {
    id: 'DQ11',
    severity: 'error',
    scope: 'domain',
    table: 'sko_klasse',
    column: 'klassetype',
    bucket: 'schoolYear',
    reads: CLASSES,
    title: { da: 'Specialskole med normalklasser', en: 'Special school with normal classes' },
    message: {
      da: 'En specialskole (1015) har normalklasser (40, 41). Ret klassetypen eller institutionstypen; ellers er segregeringsgraden forkert.',
      en: 'A special school (1015) has normal classes (40, 41). Correct the class type or the kind of institution, or the segregation rate is wrong.',
    },
    view: KINDS,
    query: `select bucket, institution_nr as reference, null as detail_da, null as detail_en, normalklasser as count
      from institutionens_klasser where institutionstype = '1015' and normalklasser > 0 order by institution_nr`,
  },
  {
    id: 'DQ11-folkeskole',
    severity: 'error',
    scope: 'domain',
    table: 'sko_klasse',
    column: 'klassetype',
    bucket: 'schoolYear',
    reads: CLASSES,
    title: { da: 'Folkeskole med kun specialklasser', en: 'Folkeskole with special classes only' },
    message: {
      da: 'En folkeskole (1012) har kun specialklasser (50). Er det en specialskole, skal institutionstypen rettes.',
      en: 'A folkeskole (1012) has special classes (50) only. If it is a special school, correct the kind of institution.',
    },
    view: KINDS,
    query: `select bucket, institution_nr as reference, null as detail_da, null as detail_en, klasser as count
      from institutionens_klasser where institutionstype = '1012' and klasser = specialklasser order by institution_nr`,
  },
  {
    id: 'DQ12',
    severity: 'warning',
    scope: 'domain',
    table: 'sko_klasse',
    bucket: 'schoolYear',
    reads: PUPILS,
    title: { da: 'Normalklasse med under 5 eller over 35 elever', en: 'Normal class of under 5 or over 35 pupils' },
    message: {
      da: 'Klassen har færre end 5 eller flere end 35 elever og indgår ikke i klassekvotienten. Se efter, om elever er registreret i den forkerte klasse.',
      en: 'The class has fewer than 5 or more than 35 pupils and is left out of class size. Check whether pupils are registered in the wrong class.',
    },
    view: SIZES,
    query: `select bucket, ${KLASSE} as reference, case when elever < 5 then 'under 5 elever' else elever || ' elever' end as detail_da,
        case when elever < 5 then 'under 5 pupils' else elever || ' pupils' end as detail_en, 1 as count
      from klassestoerrelser where elever not between 5 and 35 order by reference`,
  },
  {
    id: 'DQ12-aargang',
    severity: 'warning',
    scope: 'domain',
    table: 'sko_klasse',
    bucket: 'schoolYear',
    reads: PUPILS,
    title: { da: 'Hel årgang som én klasse', en: 'Whole year group as one class' },
    message: {
      da: 'Skolens eneste normalklasse på klassetrinnet har over 30 elever, flere end loven tillader. Formentlig er hele årgangen registreret som én klasse.',
      en: "The school's only normal class of the grade has more than 30 pupils, more than the law allows. Probably the whole year group is registered as one class.",
    },
    view: SIZES,
    query: `select bucket, any_value(${KLASSE}) as reference, any_value(elever) || ' elever' as detail_da,
        any_value(elever) || ' pupils' as detail_en, 1 as count
      from klassestoerrelser where arsklasse
      group by bucket, skoleaar, institution_nr, klassetrin having count(*) = 1 and max(elever) > 30 order by reference`,
  },
];
