// Synthetic source data of `borger`: a population of the municipality's real size by single year of age, and a year of events.
// Pure and streaming; every number follows from the seed, and every CPR number is one that nobody can have.
import type { Municipality } from '../municipalities.ts';
import { isLeftOut, makeChance, type SyntheticDelivery, type SyntheticDomain } from '../synthetic.ts';
import { eventHeader, makeEvents } from './synthetic-events.ts';

/** Months of population delivered: the last is the month before the population of the facts. */
const MONTHS = Array.from(
  { length: 24 },
  (_, index) => `${2024 + Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, '0')}`,
);

// Thousands by sex and five-year age on 1 January 2020, the last from 100 (Statistics Denmark, FOLK1B, CC BY 4.0).
const PROFILE = {
  K: [
    149.6, 149.5, 164.9, 167.6, 186.9, 196.4, 175.5, 162.5, 181.7, 195.7, 204.4, 193.7, 173.7, 163.5, 168.1, 128.2,
    83.2, 48.6, 23.9, 7.2, 1.0,
  ],
  M: [
    158.3, 157.1, 173.7, 175.6, 195.0, 204.4, 182.8, 166.0, 182.5, 196.1, 207.5, 194.8, 170.7, 155.7, 156.5, 111.6,
    64.8, 30.8, 10.8, 2.0, 0.2,
  ],
} as const;

const TOP_AGE = 100;

/** Yearly growth between -0.6 % and +1.2 %: what the population of earlier months follows from. */
export function yearlyGrowth(municipality: Municipality, seed: number): number {
  return makeChance(seed, municipality.code, 'growth').fraction() * 0.018 - 0.006;
}

/** Cells of the population: sex, age and the share of all inhabitants; older or younger than the country by the seed. */
function makeShares(municipality: Municipality, seed: number): { sex: 'K' | 'M'; age: number; share: number }[] {
  const chance = makeChance(seed, municipality.code, 'ages');
  const tilt = (chance.fraction() - 0.5) * 0.012;
  const weights = (['K', 'M'] as const).flatMap((sex) =>
    Array.from({ length: TOP_AGE + 1 }, (_, age) => {
      const group = (PROFILE[sex][Math.floor(age / 5)] ?? 0) / (age === TOP_AGE ? 1 : 5);
      return { sex, age, weight: group * (1 + tilt * (age - 42)) * (0.95 + chance.fraction() * 0.1) };
    }),
  );
  const total = weights.reduce((sum, { weight }) => sum + weight, 0);
  return weights.map(({ sex, age, weight }) => ({ sex, age, share: weight / total }));
}

function* makePopulation(municipality: Municipality, seed: number): Generator<string[]> {
  const shares = makeShares(municipality, seed);
  const growth = yearlyGrowth(municipality, seed);
  for (const [index, month] of MONTHS.entries()) {
    const total = Math.round(municipality.population * (1 - (growth * (MONTHS.length - index)) / 12));
    // Rounding the running sum, not the cells, keeps the total exact.
    let sum = 0;
    let counted = 0;
    for (const { sex, age, share } of shares) {
      sum += share;
      const upTo = Math.round(sum * total);
      const to = age === TOP_AGE ? '125' : String(age);
      yield [municipality.code, month, sex, String(age), to, 'ialt', 'ialt', 'ialt', 'ialt', String(upTo - counted)];
      counted = upTo;
    }
  }
}

const POPULATION_HEADER = [
  'kommunekode',
  'maaned',
  'koen',
  'alder_fra',
  'alder_til',
  'civilstand',
  'herkomst',
  'statsborgerskab',
  'distrikt',
  'antal',
];

export const synthetic: SyntheticDomain = {
  domain: 'borger',
  *deliveries(municipality: Municipality, seed: number): Generator<SyntheticDelivery> {
    if (isLeftOut('borger', municipality)) return;
    const [from = '', to = ''] = [MONTHS[0], MONTHS.at(-1)];
    yield {
      kind: 'total',
      sourceSystem: 'cpr',
      periodFrom: from,
      periodTo: to,
      files: [{ table: 'bor_befolkning', header: POPULATION_HEADER, rows: () => makePopulation(municipality, seed) }],
    };
    // A delivery of its own: in the first one it would declare that 2024 had no events at all.
    yield {
      kind: 'total',
      sourceSystem: 'cpr',
      periodFrom: '2025-01',
      periodTo: to,
      files: [
        {
          table: 'bor_bevaegelse',
          header: eventHeader,
          rows: () => makeEvents(municipality, seed, yearlyGrowth(municipality, seed)),
        },
      ],
    };
  },
};
