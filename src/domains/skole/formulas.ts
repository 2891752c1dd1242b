// The named formulas of `skole`, shared by its key figures. Every measure is a whole number or an exact decimal.
import type { Formula, Source, Text } from '../definition.ts';
import {
  elevtaelling,
  folkeskoleelever,
  fravaerMaaned,
  fravaerSkoleaar,
  karaktergennemsnit,
  klassetaelling,
  overgang,
  skolestart,
} from './sources.ts';
import { exactQuotient, KOMMUNALE_INSTITUTIONSTYPER, SPECIALINSTITUTIONER } from './sql.ts';

/** What a formula may have besides the ordinary. */
type Extras = Pick<Formula, 'breakdowns' | 'missing'>;

function formula(id: string, source: Source, title: Text, measure: string, extras: Extras = {}): Formula {
  return { id, version: 1, domain: 'skole', title, source, measure, ...extras };
}

/** Pupils on the count date for whom the condition holds. */
function pupils(condition: string): string {
  return `cast(coalesce(sum(antal) filter (where ${condition}), 0) as bigint)`;
}

/** The school year's absence is a value once at least 8 of 12 (two thirds) of the months with school days have been delivered. */
const enoughMonths: NonNullable<Formula['missing']> = [
  { reason: 'incomplete-period', when: 'max(maaneder) * 12 < max(skolemaaneder) * 8' },
];

export const karaktergennemsnitSum: Formula = formula(
  'sko.karaktergennemsnit.sum',
  karaktergennemsnit,
  {
    da: 'Sum af elevernes gennemsnit i bundne prøver, 9. klasse',
    en: "Sum of pupils' means in compulsory exams, grade 9",
  },
  exactQuotient('sum(gennemsnit_840)', '840'),
);

export const karaktergennemsnitElever: Formula = formula(
  'sko.karaktergennemsnit.elever',
  karaktergennemsnit,
  { da: 'Elever i 9. klasse med mindst 4 bundne prøver', en: 'Pupils of grade 9 with at least 4 compulsory exams' },
  'count(*)',
);

export const fravaersdage: Formula = formula(
  'sko.fravaersdage',
  fravaerMaaned,
  { da: 'Fraværsdage i måneden', en: 'Days of absence in the month' },
  'coalesce(sum(fravaersdage), 0)',
);

export const elevdage: Formula = formula(
  'sko.elevdage',
  fravaerMaaned,
  { da: 'Elevdage i måneden (elever gange skoledage)', en: 'Pupil-days in the month (pupils times school days)' },
  'cast(coalesce(sum(elevdage), 0) as bigint)',
);

export const eleverMedElevdage: Formula = formula(
  'sko.elever.med-elevdage',
  fravaerMaaned,
  { da: 'Elever med skoledage i måneden', en: 'Pupils with school days in the month' },
  'cast(coalesce(sum(elever), 0) as bigint)',
);

export const eleverHoejtFravaer: Formula = formula(
  'sko.elever.hoejt-fravaer',
  fravaerSkoleaar,
  { da: 'Elever med fravær over 10 pct. af skoledagene', en: 'Pupils absent for more than 10 % of school days' },
  'count(*) filter (where fravaersdage * 10 > skoledage)',
  { missing: enoughMonths },
);

export const eleverMedSkoledage: Formula = formula(
  'sko.elever.med-skoledage',
  fravaerSkoleaar,
  { da: 'Elever med skoledage i skoleåret', en: 'Pupils with school days in the school year' },
  'count(*)',
  { missing: enoughMonths },
);

export const folkeskoleSpecialklasse: Formula = formula(
  'sko.elever.folkeskole.specialklasse',
  elevtaelling,
  { da: 'Elever i specialklasse på folkeskole', en: 'Pupils in special classes of the folkeskole' },
  pupils(`institutionstype = '1012' and klassetype = '50'`),
);

export const folkeskoleNormalOgSpecial: Formula = formula(
  'sko.elever.folkeskole.normal-og-special',
  elevtaelling,
  {
    da: 'Elever i normal- og specialklasse på folkeskole',
    en: 'Pupils in normal and special classes of the folkeskole',
  },
  pupils(`institutionstype = '1012' and klassetype in ('40', '41', '50')`),
);

export const eleverSegregeret: Formula = formula(
  'sko.elever.segregeret',
  elevtaelling,
  {
    da: 'Kommunale elever i specialklasse, specialskole og dagbehandling',
    en: 'Municipal pupils in special classes, special schools and day treatment',
  },
  pupils(
    `institutionstype in ${SPECIALINSTITUTIONER} or (klassetype = '50' and institutionstype in ${KOMMUNALE_INSTITUTIONSTYPER})`,
  ),
);

export const eleverKommunale: Formula = formula(
  'sko.elever.kommunale',
  elevtaelling,
  { da: 'Kommunale elever, 0.-10. klasse', en: 'Municipal pupils, grades 0-10' },
  pupils(`institutionstype in ${KOMMUNALE_INSTITUTIONSTYPER}`),
);

export const eleverNormalklasse: Formula = formula(
  'sko.elever.normalklasse',
  klassetaelling,
  { da: 'Elever i normalklasser med 5-35 elever', en: 'Pupils in normal classes of 5-35 pupils' },
  'cast(sum(elever) as bigint)',
  { breakdowns: ['klassetrin'] },
);

export const normalklasser: Formula = formula(
  'sko.klasser.normal',
  klassetaelling,
  { da: 'Normalklasser med 5-35 elever', en: 'Normal classes of 5-35 pupils' },
  'count(*)',
  { breakdowns: ['klassetrin'] },
);

export const eleverFolkeskole: Formula = formula(
  'sko.elever.folkeskole',
  elevtaelling,
  { da: 'Elever i folkeskolen, 0.-10. klasse', en: 'Pupils of the folkeskole, grades 0-10' },
  pupils(`institutionstype = '1012'`),
);

export const folkeskoler: Formula = formula(
  'sko.folkeskoler',
  elevtaelling,
  { da: 'Folkeskoler med elever, ekskl. skoletype 115', en: 'Folkeskole schools with pupils, excl. type 115' },
  `count(distinct institution_nr) filter (where institutionstype = '1012' and skoletype is distinct from '115')`,
);

export const senSkolestart: Formula = formula(
  'sko.skolestart.sen',
  skolestart,
  {
    da: 'Elever i 0. klasse 1. september, der fylder mindst 7 i året',
    en: 'Pupils of grade 0 on 1 September who turn 7 or more in the year',
  },
  pupils('fylder >= 7'),
);

export const skolestartElever: Formula = formula(
  'sko.skolestart.elever',
  skolestart,
  { da: 'Elever i 0. klasse 1. september', en: 'Pupils of grade 0 on 1 September' },
  pupils('true'),
);

export const overgangSpecial: Formula = formula(
  'sko.overgang.special',
  overgang,
  {
    da: 'Elever i normalklasse i 0. klasse sidste år og i specialklasse i 1. klasse nu',
    en: 'Pupils of a normal class of grade 0 last year, now in a special class of grade 1',
  },
  'count(*) filter (where special)',
);

export const overgangElever: Formula = formula(
  'sko.overgang.elever',
  overgang,
  { da: 'Elever i normalklasse i 0. klasse sidste år', en: 'Pupils of a normal class of grade 0 last year' },
  'count(*)',
);

export const folkeskoleeleverAarsgennemsnit: Formula = formula(
  'sko.elever.folkeskole.aarsgennemsnit',
  folkeskoleelever,
  {
    da: 'Elever i folkeskolen, gennemsnit af årets tælledage',
    en: "Pupils of the folkeskole, mean of the year's count dates",
  },
  exactQuotient('sum(antal)', 'count(*)'),
);

export const privatskoleelever: Formula = formula(
  'sko.elever.privatskole',
  elevtaelling,
  {
    da: 'Elever i fri- og privatskole, 0.-9. klasse, bosat i kommunen',
    en: 'Private-school pupils, grades 0-9, resident in the municipality',
  },
  pupils(`bosat and personligt_klassetrin <= 9 and institutionstype = '1013'`),
);

export const bosatteElever: Formula = formula(
  'sko.elever.bosatte',
  elevtaelling,
  { da: 'Elever i 0.-9. klasse bosat i kommunen', en: 'Pupils of grades 0-9 resident in the municipality' },
  pupils('bosat and personligt_klassetrin <= 9'),
);
