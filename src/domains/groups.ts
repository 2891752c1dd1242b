// The groups of municipalities that key figures are compared in: 7-by, 6-by, the five regions and the country.
// Derived from the facts of municipalities.ts; the synthetic municipality is in none.
import { type MunicipalityCode, municipalityCodeOf } from '../platform/tenant.ts';
import type { Text } from './definition.ts';
import type { Municipality } from './municipalities.ts';

/** A comparison group; `municipalities` in order of code. */
export interface Group {
  readonly id: string;
  readonly title: Text;
  readonly municipalities: readonly MunicipalityCode[];
}

const REGIONS: readonly (readonly [string, Text])[] = [
  ['1081', { da: 'Region Nordjylland', en: 'North Denmark Region' }],
  ['1082', { da: 'Region Midtjylland', en: 'Central Denmark Region' }],
  ['1083', { da: 'Region Syddanmark', en: 'Region of Southern Denmark' }],
  ['1084', { da: 'Region Hovedstaden', en: 'Capital Region of Denmark' }],
  ['1085', { da: 'Region Sjælland', en: 'Region Zealand' }],
];

function namedGroup(id: string, title: Text, codes: readonly string[]): Group {
  return { id, title, municipalities: codes.toSorted().map(municipalityCodeOf) };
}

/** Makes the groups out of the municipalities: `7-by`, `6-by`, `region-<code>` and `landet`. */
export function makeGroups(municipalities: readonly Municipality[]): Group[] {
  const real = municipalities.filter((municipality) => municipality.synthetic !== true);
  const codesWhere = (test: (municipality: Municipality) => boolean) =>
    real.filter(test).map((municipality) => municipality.code);
  return [
    // Herning, Holstebro, Viborg, Horsens, Skive, Silkeborg and Randers: a key-figure network since 2008.
    namedGroup('7-by', { da: '7-by-netværket', en: 'The 7-city network' }, [
      '657',
      '661',
      '791',
      '615',
      '779',
      '740',
      '730',
    ]),
    // København, Aarhus, Odense, Aalborg, Esbjerg and Randers: the largest cities.
    namedGroup('6-by', { da: '6-by-samarbejdet', en: 'The 6-city co-operation' }, [
      '101',
      '751',
      '461',
      '851',
      '561',
      '730',
    ]),
    ...REGIONS.map(([region, title]) =>
      namedGroup(
        `region-${region}`,
        title,
        codesWhere((municipality) => municipality.region === region),
      ),
    ),
    namedGroup(
      'landet',
      { da: 'Hele landet', en: 'The whole country' },
      codesWhere(() => true),
    ),
  ];
}
