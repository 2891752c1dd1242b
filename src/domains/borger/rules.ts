// The quality rules of `borger`, numbered as in the FLIS rule reference. Structure (types, codes, keys, CPR form)
// is checked for every domain before these run; lateness and gaps of deliveries (DQ01, DQ02, DQ04) are no matter of rows.
import type { Rule } from '../definition.ts';
import { CHRISTIANSOE, MUNICIPALITIES } from '../municipalities.ts';
import { TOTAL } from './code-lists.ts';
import { deviationRules, lastYearRule } from './deviation-rules.ts';

const KNOWN_CODES = [...MUNICIPALITIES.map((municipality) => municipality.code), CHRISTIANSOE];
const KNOWN = KNOWN_CODES.map((code) => `'${code}'`).join(', ');

const DIMENSIONS = ['koen', 'civilstand', 'herkomst', 'statsborgerskab', 'distrikt'];

/** A null is no violation, so an empty column passes. */
function unknownMunicipality(id: string, column: 'fra_kommune' | 'til_kommune'): Rule {
  return {
    id,
    severity: 'error',
    scope: 'row',
    table: 'bor_bevaegelse',
    column,
    title: { da: 'Ukendt kommunekode', en: 'Unknown municipality code' },
    message: {
      da: 'Kommunekoden findes ikke. Ret den, eller lad feltet være tomt ved flytning til og fra udlandet.',
      en: 'There is no such municipality. Correct the code, or leave it empty for moves to and from abroad.',
    },
    violation: `${column} not in (${KNOWN})`,
  };
}

const populationRules: readonly Rule[] = [
  {
    // Stop, because a mixed month would count its inhabitants twice in every formula.
    id: 'DQ05-ialt',
    severity: 'stop',
    scope: 'slice',
    table: 'bor_befolkning',
    title: { da: 'Både ialt og opdelte rækker', en: 'Both totals and split rows' },
    message: {
      da: 'En dimension er i samme måned leveret både som ialt og opdelt, så borgerne tælles dobbelt. Lever kun den ene slags.',
      en: 'A dimension of one month is delivered both as ialt and split, so inhabitants are counted twice. Deliver one kind only.',
    },
    query: `
      with months as (
        select bucket, maaned, ${DIMENSIONS.map(
          (name) => `bool_or(${name} = '${TOTAL}') and bool_or(${name} <> '${TOTAL}') as ${name}`,
        ).join(', ')}
        from bor_befolkning group by bucket, maaned
      ), mixed as (
        select bucket, maaned, unnest([${DIMENSIONS.map((name) => `case when ${name} then '${name}' end`).join(', ')}]) as dimension
        from months
      )
      select bucket, maaned as reference, 'dimension: ' || dimension as detail_da, 'dimension: ' || dimension as detail_en
      from mixed where dimension is not null order by maaned, dimension`,
  },
  {
    // The bands of a month are few, so they are compared first; rows are sorted only in months that need it.
    id: 'DQ05-aldersbaand',
    severity: 'stop',
    scope: 'slice',
    table: 'bor_befolkning',
    title: { da: 'Overlappende aldersbånd', en: 'Overlapping age bands' },
    message: {
      da: 'Aldersbånd med samme måned og samme øvrige dimensioner overlapper, så borgerne tælles dobbelt.',
      en: 'Age bands of the same month and the same other dimensions overlap, so inhabitants are counted twice.',
    },
    query: `
      with bands as (select distinct bucket, maaned, alder_fra, alder_til from bor_befolkning),
      suspects as (
        select bucket, maaned from (
          select bucket, maaned, alder_fra, max(alder_til) over (partition by bucket, maaned order by alder_fra, alder_til
            rows between unbounded preceding and 1 preceding) as earlier from bands
        ) where earlier >= alder_fra
      ),
      doubled as (
        select bucket, maaned, alder_fra, max(alder_til) over (partition by bucket, maaned, ${DIMENSIONS.join(', ')}
          order by alder_fra, alder_til rows between unbounded preceding and 1 preceding) as earlier
        from bor_befolkning semi join suspects using (bucket, maaned)
      )
      select bucket, maaned as reference, null as detail_da, null as detail_en, count(*) as count
      from doubled where earlier >= alder_fra group by bucket, maaned order by maaned`,
  },
  {
    id: 'DQ17-aldersbaand',
    severity: 'stop',
    scope: 'row',
    table: 'bor_befolkning',
    column: 'alder_til',
    title: { da: 'Aldersbånd slutter før det begynder', en: 'Age band ends before it begins' },
    message: {
      da: 'alder_til er mindre end alder_fra. Begge er inklusive; et enkelt år har samme værdi i begge.',
      en: 'alder_til is below alder_fra. Both are inclusive; a single year has the same value in both.',
    },
    violation: 'alder_til < alder_fra',
  },
];

const eventRules: readonly Rule[] = [
  unknownMunicipality('DQ06-fra', 'fra_kommune'),
  unknownMunicipality('DQ06-til', 'til_kommune'),
  {
    id: 'DQ06-christiansoe',
    severity: 'info',
    scope: 'row',
    table: 'bor_bevaegelse',
    title: { da: 'Christiansø', en: 'Christiansø' },
    message: {
      da: 'Flytning til eller fra Christiansø (411), som ligger uden for kommunerne. Rækken tæller med.',
      en: 'A move to or from Christiansø (411), which lies outside the municipalities. The row counts.',
    },
    violation: `fra_kommune = '${CHRISTIANSOE}' or til_kommune = '${CHRISTIANSOE}'`,
  },
  {
    id: 'DQ06-retning',
    severity: 'warning',
    scope: 'row',
    table: 'bor_bevaegelse',
    title: { da: 'Flytning uden retning', en: 'Move without direction' },
    message: {
      da: 'En tilflytning skal gå fra en anden kommune til den leverende, en fraflytning omvendt. Ret fra_kommune og til_kommune.',
      en: 'Moving in goes from another municipality to the delivering one, moving out the other way. Correct fra_kommune and til_kommune.',
    },
    violation: `
      (haendelse = 'tilflyttet' and
        (fra_kommune is null or fra_kommune = kommunekode or til_kommune is distinct from kommunekode)) or
      (haendelse = 'fraflyttet' and
        (til_kommune is null or til_kommune = kommunekode or fra_kommune is distinct from kommunekode))`,
  },
  {
    id: 'DQ18-alder',
    severity: 'warning',
    scope: 'row',
    table: 'bor_bevaegelse',
    column: 'alder',
    title: { da: 'Usandsynlig alder', en: 'Improbable age' },
    message: {
      da: 'Alderen er over 110 år, eller et nyfødt barn har en anden alder end 0.',
      en: 'The age is above 110, or a newborn child has another age than 0.',
    },
    violation: `alder > 110 or (haendelse = 'foedt' and alder <> 0)`,
  },
  {
    // The birthday is unknown here: the age is the difference of the years, or one less before the birthday.
    id: 'DQ18-foedselsaar',
    severity: 'warning',
    scope: 'row',
    table: 'bor_bevaegelse',
    column: 'alder',
    title: { da: 'Alder passer ikke til fødselsåret', en: 'Age does not fit the year of birth' },
    message: {
      da: 'Alderen på dagen stemmer ikke med fødselsåret i CPR-nummeret.',
      en: 'The age on the day does not agree with the year of birth in the CPR number.',
    },
    violation: 'alder not between year(dato) - foedselsaar - 1 and year(dato) - foedselsaar',
  },
  {
    id: 'DQ21-efter-doed',
    severity: 'error',
    scope: 'domain',
    table: 'bor_bevaegelse',
    column: 'dato',
    bucket: 'year',
    // A death is compared with the events of its own year and the next; later ones would make the cost follow history.
    reads: { bor_bevaegelse: (year) => [String(Number(year) - 1), year] },
    title: { da: 'Hændelse efter dødsdato', en: 'Event after death' },
    message: {
      da: 'En borger har en hændelse efter sin registrerede dødsdato. Kontrollér dødsfaldet og hændelsen.',
      en: 'A person has an event after the registered date of death. Check the death and the event.',
    },
    query: `
      with deaths as (select bucket, borger_id, min(dato) as died from bor_bevaegelse where haendelse = 'doed' group by bucket, borger_id)
      select bucket, strftime(dato, '%Y-%m') as reference, null as detail_da, null as detail_en, count(*) as count
      from bor_bevaegelse join deaths using (bucket, borger_id)
      where dato > died and strftime(dato, '%Y') = bucket
      group by bucket, reference order by reference`,
  },
];

export const rules: readonly Rule[] = [
  ...populationRules,
  ...eventRules,
  ...deviationRules({
    table: 'bor_befolkning',
    suffix: 'befolkning',
    months: 'select bucket, maaned, sum(antal) as size from bor_befolkning group by bucket, maaned',
    // 50 inhabitants on average: below that there is no municipality.
    least: 50,
  }),
  ...deviationRules({
    table: 'bor_bevaegelse',
    suffix: 'bevaegelse',
    months: `select bucket, strftime(dato, '%Y-%m') as maaned, count(*) as size from bor_bevaegelse group by bucket, maaned`,
    // Months of fewer events vary by more than 20 % without any fault.
    least: 100,
  }),
  lastYearRule,
];
