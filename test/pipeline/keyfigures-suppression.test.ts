// Nobody who knows every published cell, and how parts add up to totals, can work out a small count of persons.
import fc from 'fast-check';
import t from 'tap';
import type { Formula, KeyFigure } from '../../src/domains/definition.ts';
import { suppressCells } from '../../src/pipeline/keyfigures/releases/rules-suppression.ts';
import { isDetermined, PRIME } from './elimination.ts';

const text = { da: '', en: '' };
const formula = (id: string) => ({ id, version: 1, domain: 'x', title: text, measure: id }) as unknown as Formula;
const [special, late, pupils, schools] = ['special', 'late', 'pupils', 'schools'].map(formula) as [
  Formula,
  Formula,
  Formula,
  Formula,
];
function figure(id: string, kind: KeyFigure['kind'], persons: boolean, numerator: Formula, denominator: Formula) {
  return { id, kind, persons, minimumCell: persons ? 5 : 0, numerator, denominator } as unknown as KeyFigure;
}
const specialShare = figure('special', 'share', true, special, pupils);
const lateShare = figure('late', 'share', true, late, pupils);
const schoolSize = figure('size', 'mean', false, pupils, schools);

interface Cell {
  readonly figure: KeyFigure;
  readonly period: string;
  readonly breakdown: string;
  readonly numerator: string;
  readonly denominator: string;
}
interface Pupil {
  readonly grade: number;
  readonly sex: number;
  readonly special: boolean;
  readonly late: boolean;
}

/** All cells of one period, from pupils, so that every breakdown adds up by construction. Breakdowns of a figure are by the columns named. */
function cellsOf(pupilList: readonly Pupil[], sizeBy: readonly string[] = ['grade']): Cell[] {
  const places = ['', ...Array.from({ length: 5 }, (_, n) => `grade=${n}`), 'sex=0', 'sex=1'];
  return places.flatMap((breakdown) => {
    const [column, code] = breakdown.split('=') as [keyof Pupil | '', string | undefined];
    const within = pupilList.filter((pupil) => column === '' || pupil[column] === Number(code));
    if (within.length === 0) return [];
    const cell = (figure: KeyFigure, numerator: number, denominator: number) => ({
      figure,
      period: '2025',
      breakdown,
      numerator: String(numerator),
      denominator: String(denominator),
    });
    return [
      cell(specialShare, within.filter((pupil) => pupil.special).length, within.length),
      cell(lateShare, within.filter((pupil) => pupil.late).length, within.length),
      ...(column === '' || sizeBy.includes(column) ? [cell(schoolSize, within.length, 3)] : []),
    ];
  });
}

/** What an attacker can set up: Σ parts = total for every formula and column, and each published number as known. */
function attack(cells: readonly Cell[], withheld: ReadonlySet<Cell>) {
  const variable = (of: Formula | null, cell: Cell) => `${of?.id}@${cell.breakdown}`;
  const rows: Map<string, bigint>[] = [];
  for (const cell of cells) {
    if (withheld.has(cell)) continue;
    rows.push(new Map([[variable(cell.figure.numerator, cell), 1n]]));
    rows.push(new Map([[variable(cell.figure.denominator, cell), 1n]]));
  }
  for (const id of ['special', 'late', 'pupils']) {
    for (const column of ['grade', 'sex']) {
      const parts = [...new Set(cells.map(({ breakdown }) => breakdown))].filter((name) => name.startsWith(column));
      rows.push(new Map([[`${id}@`, PRIME - 1n], ...parts.map((part) => [`${id}@${part}`, 1n] as [string, bigint])]));
    }
  }
  return (cell: Cell, goal: 'numerator' | 'denominator' | 'complement') => {
    const numerator = variable(cell.figure.numerator, cell);
    const denominator = variable(cell.figure.denominator, cell);
    if (goal === 'complement')
      return isDetermined(
        rows,
        new Map([
          [denominator, 1n],
          [numerator, PRIME - 1n],
        ]),
      );
    return isDetermined(rows, new Map([[goal === 'numerator' ? numerator : denominator, 1n]]));
  };
}

const small = (count: number) => count > 0 && count < 5;

function smallCounts(cell: Cell): ('numerator' | 'denominator' | 'complement')[] {
  if (!cell.figure.persons) return [];
  const [n, d] = [Number(cell.numerator), Number(cell.denominator)];
  return [
    ...(small(n) ? (['numerator'] as const) : []),
    ...(small(d) ? (['denominator'] as const) : []),
    ...(small(d - n) ? (['complement'] as const) : []),
  ];
}

const pupilList = fc
  .record({ specialRate: fc.integer({ min: 0, max: 9 }), lateRate: fc.integer({ min: 0, max: 9 }) })
  .chain(({ specialRate, lateRate }) =>
    fc.array(
      fc
        .tuple(fc.nat(4), fc.nat(1), fc.nat(9), fc.nat(9))
        .map(([grade, sex, a, b]) => ({ grade, sex, special: a < specialRate, late: b < lateRate })),
      { minLength: 10, maxLength: 120, size: 'max' },
    ),
  );

t.test('no small count can be worked out from what is published', async () => {
  fc.assert(
    fc.property(pupilList, fc.constantFrom(['grade'], ['grade', 'sex'], []), (list, sizeBy) => {
      const cells = cellsOf(list, sizeBy);
      const withheld = suppressCells(cells);
      const determined = attack(cells, withheld);
      for (const cell of cells) {
        for (const goal of smallCounts(cell)) {
          if (!withheld.has(cell)) throw new Error(`${cell.figure.id} ${cell.breakdown}: ${goal} is published`);
          if (determined(cell, goal)) throw new Error(`${cell.figure.id} ${cell.breakdown}: ${goal} follows`);
        }
      }
    }),
    { numRuns: 300 },
  );
});

t.test('what is withheld together is itself large enough to publish', async () => {
  fc.assert(
    fc.property(pupilList, (list) => {
      const cells = cellsOf(list).filter(({ figure }) => figure === specialShare);
      const withheld = suppressCells(cells);
      const [total] = cells;
      if (total === undefined || withheld.has(total)) return;
      for (const column of ['grade', 'sex']) {
        const hidden = cells.filter((cell) => cell.breakdown.startsWith(column) && withheld.has(cell));
        const numerators = hidden.reduce((all, cell) => all + Number(cell.numerator), 0);
        const denominators = hidden.reduce((all, cell) => all + Number(cell.denominator), 0);
        const faults = [numerators, denominators, denominators - numerators].filter(small);
        if (faults.length > 0 || hidden.length === 1) throw new Error(`${column}: ${JSON.stringify(hidden)}`);
      }
    }),
    { numRuns: 300 },
  );
});

t.test('cells', async (t) => {
  const cell = (numerator: number, denominator: number, breakdown = '', of = specialShare, period = '2025') => ({
    figure: of,
    period,
    breakdown,
    numerator: String(numerator),
    denominator: String(denominator),
  });
  const withheld = (cells: Cell[], before?: (cell: Cell) => boolean) =>
    cells.map((one) => suppressCells(cells, [], before).has(one));

  t.same(withheld([cell(4, 100)]), [true], 'a small numerator');
  t.same(withheld([cell(5, 100)]), [false], 'five is enough');
  t.same(withheld([cell(0, 100)]), [false], 'zero is no person');
  t.same(withheld([cell(96, 100)]), [true], 'a small complement');
  t.same(withheld([cell(100, 100)]), [false], 'everybody is no small complement');
  t.same(withheld([cell(3, 3)]), [true], 'a small denominator');
  t.same(withheld([cell(4, 30, '', schoolSize)]), [false], 'schools are no persons');
  t.same(
    withheld([cell(2, 3, '', specialShare), cell(3, 3, '', schoolSize)]),
    [true, true],
    'a figure that shares the small denominator is withheld as well',
  );
  t.same(
    withheld([cell(29, 300), cell(3, 100, 'grade=0'), cell(10, 100, 'grade=1'), cell(16, 100, 'grade=2')]),
    [false, true, true, false],
    'the smallest other part goes with a small part',
  );
  const steady = [cell(29, 300), cell(3, 100, 'grade=0'), cell(10, 100, 'grade=1'), cell(16, 100, 'grade=2')];
  t.same(
    withheld(steady, (one) => one === steady[3]),
    [false, true, false, true],
    'what was withheld before goes first',
  );
  t.same(
    withheld([cell(2, 300), cell(1, 100, 'grade=0'), cell(1, 100, 'grade=1'), cell(0, 100, 'grade=2')]),
    [true, true, true, false],
    'a small total is withheld itself and needs no other',
  );
  t.same(
    withheld([
      cell(20, 400, '', specialShare, '2025Q1'),
      cell(3, 130, '', specialShare, '2025-01'),
      cell(7, 130, '', specialShare, '2025-02'),
      cell(10, 140, '', specialShare, '2025-03'),
    ]),
    [false, true, true, false],
    'months that add up to a quarter protect each other',
  );
  const days = { ...figure('absence', 'share', true, late, pupils), personCount: special } as KeyFigure;
  const month = (persons: string | null, days_: number, breakdown = '') => ({
    ...cell(days_, 100, breakdown, days),
    persons,
  });
  t.same(withheld([month('5', 2)]), [false], 'two days of five persons');
  t.same(withheld([month('4', 20)]), [true], 'twenty days of four persons');
  t.same(withheld([month(null, 20)]), [true], 'nobody knows of how many persons');
  t.same(
    withheld([month('30', 50), month('4', 20, 'grade=0'), month('13', 10, 'grade=1'), month('13', 20, 'grade=2')]),
    [false, true, true, false],
    'and they do not follow from the days of the others',
  );
});
