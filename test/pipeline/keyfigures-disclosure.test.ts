// An attacker who knows every published cell of the declared figures, and whom each formula counts, cannot work out a small count of persons.
// Independent of the declared relations: pupils are counted by kind (atoms), and what a formula counts is asked of its own SQL.
import fc from 'fast-check';
import t from 'tap';
import type { Formula, KeyFigure } from '../../src/domains/definition.ts';
import { loadCatalogue } from '../../src/domains/index.ts';
import {
  absence,
  daysOf,
  grades,
  INSTITUTIONS,
  pupil,
  pupils,
  SPECIALSKOLE,
  schoolClass,
  schoolDays,
} from '../../src/domains/skole/examples.ts';
import { suppressCells } from '../../src/pipeline/keyfigures/releases/rules-suppression.ts';
import { withDuckDb } from '../../src/platform/duckdb/duckdb.ts';
import { isDetermined, PRIME } from './elimination.ts';
import { createScene } from './keyfigures-scene.ts';

const catalogue = await loadCatalogue();
const { keyFigures: figures = [], relations = [] } = catalogue.domain('skole') ?? {};
const MONTHS = ['2024-09', '2024-10', '2024-11'];
const PER_GRADE = [undefined, 1, 2];

/** A kind of pupil; `counted`: in a class that class size counts. */
interface Atom {
  readonly institutionstype: string;
  readonly klassetype: string | null;
  readonly personligt_klassetrin: number;
  readonly bosat: boolean;
  readonly counted: boolean;
}
const atoms: Atom[] = ['1012', '1013', '1014', '1015', '1050'].flatMap((institutionstype) =>
  ['40', '50', '54', null].flatMap((klassetype) =>
    [1, 2, 10].flatMap((personligt_klassetrin) =>
      [true, false].flatMap((bosat) => {
        const atom = { institutionstype, klassetype, personligt_klassetrin, bosat, counted: false };
        const isNormal = institutionstype === '1012' && klassetype === '40' && personligt_klassetrin < 10;
        return isNormal ? [atom, { ...atom, counted: true }] : [atom];
      }),
    ),
  ),
);

/** Formula → per atom how often the measure counts a pupil of that kind. */
const counting = new Map<string, number[]>();
await withDuckDb({ tempRoot: t.testdir(), allowedDirectories: [], memoryLimitMb: 256, threads: 1 }, async (duck) => {
  const rows = atoms.map((atom, index) => {
    const klassetype = atom.klassetype === null ? 'null' : `'${atom.klassetype}'`;
    return `(${index}, '${atom.institutionstype}', ${klassetype}, ${atom.personligt_klassetrin}, ${atom.bosat}, 1, 'i', '10')`;
  });
  for (const { id, source, measure } of catalogue.formulas('skole')) {
    if (source.id !== 'sko.elevtaelling' || id === 'sko.folkeskoler') continue;
    const counts = await duck.all<{ n: number }>(
      `select cast(${measure} as integer) as n from (values ${rows.join(', ')})
         as s(atom, institutionstype, klassetype, personligt_klassetrin, bosat, antal, institution_nr, skoletype)
       group by atom order by atom`,
    );
    counting.set(
      id,
      counts.map(({ n }) => n),
    );
  }
});

type Vector = Map<string, bigint>;
interface Value {
  readonly value: string;
  /** In terms of atoms; undefined for what is no count of pupils on a count date. */
  readonly vector?: Vector;
}
interface Cell {
  readonly figure: KeyFigure;
  readonly period: string;
  readonly breakdown: string;
  readonly numerator: string;
  readonly denominator: string | null;
  readonly persons: string | null;
  readonly vectors: { readonly numerator: Vector; readonly denominator: Vector };
}
/** Per month the pupils of each atom. */
type Counts = readonly (readonly number[])[];

function countWith(counts: Counts, month: number, weight: (index: number) => number): Value {
  const vector: Vector = new Map();
  let value = 0;
  for (const [index, count] of (counts[month] ?? []).entries()) {
    if (weight(index) === 0 || isKnownZero(counts, month, index)) continue;
    vector.set(`${month} ${index}`, BigInt(weight(index)));
    value += count * weight(index);
  }
  return { value: String(value), vector };
}

/** Quantities that a hidden cell may well hide a zero of, by the figures about persons: whether an atom is in it. */
const hideable = figures.flatMap(({ persons, numerator, denominator }) => {
  const [top, bottom] = [counting.get(numerator.id), counting.get(denominator?.id ?? '')];
  if (!persons || top === undefined || bottom === undefined) return [];
  return [top.map((n) => n > 0), bottom.map((n, index) => n > (top[index] ?? 0))];
});

const isFromElsewhere = ({ bosat, personligt_klassetrin }: Atom) => !bosat || personligt_klassetrin === 10;

/**
 * Whoever knows a municipality knows which schools and classes it has none of, and whether everybody who goes to school there lives there (an
 * island); unless that is all there is to a number that is not told.
 */
function isKnownZero(counts: Counts, month: number, index: number): boolean {
  const pupils = counts[month] ?? [];
  if (pupils[index] !== 0) return false;
  const own = atoms[index];
  const nobody = (isMeant: (atom: Atom) => boolean) => atoms.every((atom, at) => !isMeant(atom) || pupils[at] === 0);
  const isKind = (atom: Atom) =>
    atom.institutionstype === own?.institutionstype &&
    atom.klassetype === own.klassetype &&
    atom.counted === own.counted;
  const isIsland = own !== undefined && isFromElsewhere(own) && nobody(isFromElsewhere);
  if (!isIsland && !nobody(isKind)) return false;
  return !hideable.some((within) => {
    const isEmpty = within.every((isIn, atom) => !isIn || pupils[atom] === 0);
    return isEmpty && within.indexOf(true) === index;
  });
}

/** @returns undefined where the formula has no value. Formulas that count otherwise than on count dates stand for themselves. */
function measureOf(formula: Formula, counts: Counts, month: number, grade: number | undefined): Value | undefined {
  const weights = counting.get(formula.id);
  const inClass = (index: number) =>
    Number(atoms[index]?.counted === true && (grade === undefined || atoms[index]?.personligt_klassetrin === grade));
  const classes = countWith(counts, month, inClass);
  const own = (value: number) => ({ value: String(value), vector: new Map([[`${formula.id} ${month}`, 1n]]) });
  if (weights !== undefined) return countWith(counts, month, (index) => weights[index] ?? 0);
  switch (formula.id) {
    case 'sko.elever.normalklasse':
      return classes.value === '0' ? undefined : classes;
    case 'sko.klasser.normal':
      return classes.value === '0' ? undefined : { value: '3' };
    case 'sko.folkeskoler':
      return { value: String(Number(countFolkeskole(counts, month).value > '0')) };
    case 'sko.elever.folkeskole.aarsgennemsnit':
      return meanOfYear(counts);
    case 'oko.nettodriftsudgift-folkeskole':
      return { value: '1000000' };
    default:
      return own((((counts[month]?.[0] ?? 0) * 7 + formula.id.length) % 12) + (formula.id.endsWith('elever') ? 12 : 0));
  }
}

function countFolkeskole(counts: Counts, month: number): Value {
  return countWith(counts, month, (index) => counting.get('sko.elever.folkeskole')?.[index] ?? 0);
}

function meanOfYear(counts: Counts): Value | undefined {
  const months = MONTHS.map((_, month) => countFolkeskole(counts, month)).filter(({ value }) => value !== '0');
  if (months.length === 0) return undefined;
  const sum = months.reduce((all, { value }) => all + Number(value), 0);
  const vector = new Map(months.flatMap((month) => [...(month.vector ?? [])]));
  return { value: (sum / months.length).toFixed(10), vector };
}

function cellsOf(counts: Counts): Cell[] {
  return figures.flatMap((figure) => {
    const months = figure.level === 'month' ? [...MONTHS.keys()] : [0];
    const period = { month: '', year: '2024', schoolYear: '2024-2025', quarter: '' }[figure.level];
    return months.flatMap((month) =>
      (figure.breakdowns.length > 0 ? PER_GRADE : [undefined]).flatMap((grade): Cell[] => {
        const numerator = measureOf(figure.numerator, counts, month, grade);
        const denominator =
          figure.denominator === null ? undefined : measureOf(figure.denominator, counts, month, grade);
        if (numerator === undefined || denominator === undefined || Number(denominator.value) === 0) return [];
        const vectors = { numerator: numerator.vector ?? new Map(), denominator: denominator.vector ?? new Map() };
        return [
          {
            figure,
            period: period || (MONTHS[month] ?? ''),
            breakdown: grade === undefined ? '' : `klassetrin=${grade}`,
            numerator: numerator.value,
            denominator: denominator.value,
            persons:
              figure.personCount === undefined
                ? null
                : (measureOf(figure.personCount, counts, month, grade)?.value ?? null),
            vectors,
          },
        ];
      }),
    );
  });
}

function complement({ vectors }: Cell): Vector {
  const vector = new Map(vectors.denominator);
  for (const [name, weight] of vectors.numerator) vector.set(name, (vector.get(name) ?? 0n) + PRIME - weight);
  return new Map(
    [...vector].map(([name, weight]): [string, bigint] => [name, weight % PRIME]).filter(([, n]) => n > 0n),
  );
}

const isSmall = (count: number) => count > 0 && count < 5;

/** The small counts of a cell as vectors over atoms. */
function smallCounts(cell: Cell): [string, Vector][] {
  if (!cell.figure.persons) return [];
  const [n, d] = [Number(cell.numerator), Number(cell.denominator)];
  if (cell.figure.personCount !== undefined) return isSmall(Number(cell.persons)) ? Object.entries(cell.vectors) : [];
  return [
    ...(isSmall(n) ? [['numerator', cell.vectors.numerator] as [string, Vector]] : []),
    ...(isSmall(d) ? [['denominator', cell.vectors.denominator] as [string, Vector]] : []),
    ...(cell.figure.kind === 'share' && isSmall(d - n) ? [['complement', complement(cell)] as [string, Vector]] : []),
  ];
}

/** Few kinds of pupil, as in a small municipality; most months are alike. */
const kindsOf = (isMeant: (atom: Atom) => boolean) => {
  const indices = atoms.flatMap((atom, index) => (!atom.counted && isMeant(atom) ? [index] : []));
  const kind = fc.tuple(fc.constantFrom(...indices), fc.integer({ min: 1, max: 12 }), fc.boolean());
  return fc.array(kind, { minLength: 1, maxLength: 7 });
};
const municipality = fc
  .oneof(
    kindsOf(() => true),
    kindsOf((atom) => !isFromElsewhere(atom)),
  )
  .chain((kinds) =>
    fc.array(fc.tuple(fc.nat(40), fc.nat(40), fc.boolean()), { minLength: 3, maxLength: 3 }).map((months) =>
      months.map(([first, second, same]) => {
        const counts: number[] = atoms.map(() => 0);
        for (const [kind, count, steady] of kinds) counts[kind] = steady || same ? count : count % 4;
        const inClass = atoms.flatMap(({ counted, bosat }, index) => (counted && bosat ? [index] : []));
        counts[inClass[0] ?? 0] = first < 5 ? 0 : first;
        counts[inClass[1] ?? 0] = second < 5 ? 0 : second;
        return counts;
      }),
    ),
  );

t.test('no small count of the declared figures of skole can be worked out', async (t) => {
  t.equal(counting.size, 7, 'every count on count dates');
  const seen = { small: 0, published: 0, cells: 0 };
  fc.assert(
    fc.property(municipality, (counts) => {
      const cells = cellsOf(counts);
      const withheld = suppressCells(cells, relations);
      const published = cells.filter((cell) => !withheld.has(cell));
      const rows = published.flatMap(({ vectors }) => [vectors.numerator, vectors.denominator]);
      seen.cells += cells.length;
      seen.published += published.length;
      for (const cell of cells) {
        for (const [what, vector] of smallCounts(cell)) {
          seen.small += 1;
          const where = `${cell.figure.id} ${cell.period}: ${what}`;
          if (!withheld.has(cell)) throw new Error(`${where} is published`);
          if (isDetermined(rows, vector)) throw new Error(`${where} follows from what is published`);
        }
      }
    }),
    { numRuns: 1000 },
  );
  t.ok(seen.small > 1000, `${seen.small} small counts were attacked`);
  t.ok(seen.published > seen.cells / 2, `${seen.published} of ${seen.cells} cells are published all the same`);
});

t.test('other domains have no small counts to protect', async (t) => {
  for (const id of ['borger', 'oekonomi']) {
    const persons = catalogue.domain(id)?.keyFigures.filter((figure) => figure.persons) ?? [];
    t.same(persons, [], `${id}: a figure about persons needs a test like the one above`);
  }
});

t.test('special classes cannot be told from the size of the special school', async (t) => {
  const scene = await createScene(t);
  const special = { klassetype: '50', klassetrin: 'blandet' };
  await scene.deliver('825', 'skole', {
    'sko_institution/all': INSTITUTIONS,
    'sko_klasse/2024-2025': [
      schoolClass('1A'),
      schoolClass('1X', special),
      schoolClass('S', { ...special, institution: SPECIALSKOLE }),
    ],
    'sko_elev/2024-2025': [
      ...pupils(1, 30, { home: '825' }),
      ...pupils(101, 3, { klasse: '1X', home: '825' }),
      ...pupils(201, 9, { klasse: 'S', institution: SPECIALSKOLE, home: '825' }),
    ],
    'sko_skoledag/2024-2025': schoolDays(['2024-10-01']),
  });
  const releaseId = await scene.release('skole');
  const { rows } = await scene.worker.query<{ figure: string; numerator: string | null; status: string }>(
    `select key_figure as figure, numerator, status from released_value where release_id = $1
     and municipality_code = '825' and period = '2024-10' and breakdown = '' order by 1`,
    [releaseId],
  );
  t.same(
    rows.map(({ figure, numerator, status }) => [figure, numerator, status]),
    [
      ['SK04', null, 'suppressed'],
      ['SK05', '12', 'ok'],
      ['SK06', '30', 'ok'],
      ['SK07', null, 'suppressed'],
      ['SK12', '0', 'ok'],
    ],
  );
});

t.test('what is no count of persons is withheld by the persons behind it', async (t) => {
  const scene = await createScene(t);
  const ninth = { grade: 9, klasse: '9A' };
  const schools = (count: number) => ({
    'sko_institution/all': INSTITUTIONS,
    // One changes class, and is still one.
    'sko_elev/2024-2025': [
      ...pupils(1, count - 1, ninth),
      pupil(count, { ...ninth, to: '2024-09-10' }),
      pupil(count, { ...ninth, klasse: '9B', from: '2024-09-11' }),
    ],
    'sko_skoledag/2024-2025': schoolDays(daysOf('2024-09', 20)),
    'sko_fravaer_dag/2024-09': [absence(1, '2024-09-02', '0.50')],
    'sko_karakter/2024-2025': Array.from({ length: count }, (_, index) => grades(index + 1, [0, 0, 2, 0])).flat(),
  });
  await scene.deliver('563', 'skole', schools(4));
  await scene.deliver('825', 'skole', schools(5));
  const releaseId = await scene.release('skole');
  const { rows } = await scene.worker.query<{ numerator: string | null; denominator: string | null }>(
    `select key_figure, municipality_code, numerator::float, denominator::float, status from released_value
     where release_id = $1 and key_figure in ('SK01', 'SK02') and municipality_code in ('563', '825') order by 1, 2`,
    [releaseId],
  );
  t.same(
    rows.map((row) => Object.values(row)),
    [
      ['SK01', '563', null, null, 'suppressed'],
      ['SK01', '825', 2.5, 5, 'ok'],
      ['SK02', '563', null, null, 'suppressed'],
      ['SK02', '825', 0.5, 100, 'ok'],
    ],
  );
});
