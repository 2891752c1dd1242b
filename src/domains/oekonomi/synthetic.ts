// Synthetic source data of `oekonomi`: accounts of 24 months, two budgets and two charts at function level, in balance.
// Pure and streaming; every number follows from the seed. All amounts are whole øre until they become text.
import { yearlyGrowth } from '../borger/synthetic.ts';
import type { Table } from '../definition.ts';
import type { Municipality } from '../municipalities.ts';
import { isLeftOut, makeChance, type SyntheticDelivery, type SyntheticDomain } from '../synthetic.ts';
import { SOURCES } from './domain.ts';
import { ACCOUNTS, type AccountTemplate, BALANCE_SHEET, CASH } from './synthetic-accounts.ts';
import { table as budget } from './tables/oko-budget.ts';
import { table as kontoplan } from './tables/oko-kontoplan.ts';
import { table as regnskab } from './tables/oko-regnskab.ts';

const YEARS = [2024, 2025] as const;
const PRICE_RISE = 0.03;

/** Planted faults, in municipalities outside the 7-by and 6-by groups. */
const FAULTS = {
  /** DQ08: some accounts of the chart have no match to the ministry's. */
  unmatched: ['210', '530', '760', '849'],
  /** DQ06: an account is booked on but is not in the chart. */
  outsideChart: ['482', '336'],
  /** DQ09: June 2025 is 1 % off balance. */
  unbalanced: ['340', '165', '607'],
  /** DQ24: administration rises by 40 % in 2025. */
  leap: ['580'],
} as const;

/** What an account moves in each of the years, in øre. */
interface Booking {
  readonly account: AccountTemplate;
  readonly art: string;
  readonly yearly: readonly number[];
}

function has(fault: keyof typeof FAULTS, municipality: Municipality): boolean {
  return (FAULTS[fault] as readonly string[]).includes(municipality.code);
}

/** Kroner with two decimals from whole øre. */
function toKroner(oere: number): string {
  return (oere / 100).toFixed(2);
}

function inhabitants(municipality: Municipality, seed: number, year: number): number {
  return municipality.population * (1 - yearlyGrowth(municipality, seed) * (2026 - year));
}

/** Costs vary more than the taxes and grants that pay for them. */
function makeBookings(municipality: Municipality, seed: number): Booking[] {
  const chance = makeChance(seed, municipality.code, 'oekonomi');
  const level = 0.98 + chance.fraction() * 0.04;
  return ACCOUNTS.flatMap((account) => {
    const isFunding = account.dranst === '7';
    const own = isFunding ? 0.995 + chance.fraction() * 0.01 : level * (0.96 + chance.fraction() * 0.08);
    const leap = has('leap', municipality) && account.funktion.startsWith('6.45') ? 1.4 : 1;
    return account.mix.map(([art, share]) => {
      const rise = 1 + PRICE_RISE + (isFunding ? 0 : (chance.fraction() - 0.5) * 0.04);
      const yearly = YEARS.map((year, index) => {
        const perInhabitant = account.kr * share * own * (index === 0 ? 1 : rise * leap);
        return Math.round(perInhabitant * inhabitants(municipality, seed, year) * 100);
      });
      return { account, art, yearly };
    });
  });
}

/** Parts of an account in the order of the tables' columns. */
function accountCells(account: AccountTemplate, art: string): string[] {
  const [hovedkonto = '', hovedfunktion = '', funktion = ''] = account.funktion.split('.');
  // Art 40 is the art of private suppliers without VAT.
  const ejerforhold = art === '40' ? '4' : '1';
  const local = `${hovedkonto}${hovedfunktion}${funktion}${account.dranst}${account.gruppering}${art}`;
  // Only what is run has a cost centre; elsewhere it is the empty text.
  const costCentre = ['1', '2', '3'].includes(account.dranst) ? `${hovedkonto}${hovedfunktion}00` : '';
  return [hovedkonto, hovedfunktion, funktion, account.dranst, ejerforhold, account.gruppering, art, local, costCentre];
}

/** Twelve parts that add up to `yearly`; capital items come in lumps. */
function spread(yearly: number, isCapital: boolean, fraction: () => number): number[] {
  const swing = isCapital ? 0.7 : 0.06;
  let left = yearly;
  return Array.from({ length: 12 }, (_, index) => {
    const part = index === 11 ? left : Math.round((yearly / 12) * (1 + (fraction() - 0.5) * 2 * swing));
    left -= part;
    return part;
  });
}

function* makeBalances(municipality: Municipality, seed: number): Generator<string[]> {
  const bookings = makeBookings(municipality, seed);
  const chance = makeChance(seed, municipality.code, 'oko_regnskab');
  const row = (year: number, period: number, account: AccountTemplate, art: string, oere: number) => [
    municipality.code,
    String(year),
    String(period),
    ...accountCells(account, art),
    toKroner(oere),
  ];
  const opening = (account: AccountTemplate) => Math.round(account.kr * municipality.population * 100);
  let cash = opening(CASH);
  for (const [index, year] of YEARS.entries()) {
    yield row(year, 0, CASH, '00', cash);
    let equity = -cash;
    for (const account of BALANCE_SHEET) {
      const oere = account === BALANCE_SHEET.at(-1) ? equity : opening(account);
      equity -= oere;
      yield row(year, 0, account, '00', oere);
    }
    const months = bookings.map(({ account, yearly }) =>
      spread(yearly[index] ?? 0, account.dranst === '3', chance.fraction),
    );
    for (let month = 0; month < 12; month += 1) {
      let sum = 0;
      let turnover = 0;
      for (const [number, { account, art }] of bookings.entries()) {
        const oere = months[number]?.[month] ?? 0;
        sum += oere;
        turnover += Math.max(oere, 0);
        yield row(year, month + 1, account, art, oere);
      }
      const isOff = year === 2025 && month === 5 && has('unbalanced', municipality);
      yield row(year, month + 1, CASH, '00', -sum + (isOff ? Math.round(turnover / 100) : 0));
      cash -= sum;
    }
  }
}

/** Whole thousand kroner, as budgets are adopted. */
function toThousands(oere: number): number {
  return Math.round(oere / 100_000) * 100_000;
}

function* makeBudgets(municipality: Municipality, seed: number): Generator<string[]> {
  const bookings = makeBookings(municipality, seed);
  const chance = makeChance(seed, municipality.code, 'oko_budget');
  for (const [index, year] of YEARS.entries()) {
    let moved = 0;
    for (const [number, { account, art, yearly }] of bookings.entries()) {
      const spent = yearly[index] ?? 0;
      const adopted = toThousands(spent * (0.97 + chance.fraction() * 0.04));
      // What one account gives away the next receives; the last receives nothing.
      const given = number === bookings.length - 1 ? 0 : toThousands(spent * chance.fraction() * 0.004);
      const transfer = moved - given;
      moved = given;
      const granted = chance.integer(6) === 0 ? toThousands(spent * 0.02) : 0;
      const cells = accountCells(account, art);
      yield [municipality.code, String(year), '0', 'opr', ...cells, toKroner(adopted), '', ''];
      const corrected = adopted + transfer + granted;
      const parts = [corrected, transfer, granted].map(toKroner);
      yield [municipality.code, String(year), '0', 'korr', ...cells, ...parts];
    }
  }
}

function* makeChart(municipality: Municipality): Generator<string[]> {
  const accounts = [...ACCOUNTS, CASH, ...BALANCE_SHEET];
  for (const year of YEARS) {
    for (const account of accounts) {
      if (has('outsideChart', municipality) && account.funktion === '6.48.67') continue;
      const [hovedkonto = '', hovedfunktion = '', funktion = ''] = account.funktion.split('.');
      const isMatched = !(has('unmatched', municipality) && ['3.35.60', '6.45.52'].includes(account.funktion));
      const flags = [isMatched, isMatched, account.service].map(String);
      const parts = [hovedkonto, hovedfunktion, funktion, account.dranst, account.gruppering];
      yield [municipality.code, String(year), ...parts, account.tekst, ...flags, '2007-01-01', ''];
    }
  }
}

const file = (table: Table, rows: () => Iterable<readonly string[]>) => ({
  table: table.name,
  header: table.columns.map(({ name }) => name),
  rows,
});

export const synthetic: SyntheticDomain = {
  domain: 'oekonomi',
  *deliveries(municipality: Municipality, seed: number): Generator<SyntheticDelivery> {
    if (isLeftOut('oekonomi', municipality)) return;
    yield {
      kind: 'total',
      sourceSystem: SOURCES[Number(municipality.code) % SOURCES.length] ?? SOURCES[0],
      periodFrom: `${YEARS[0]}-01`,
      periodTo: `${YEARS[1]}-12`,
      files: [
        file(kontoplan, () => makeChart(municipality)),
        file(budget, () => makeBudgets(municipality, seed)),
        file(regnskab, () => makeBalances(municipality, seed)),
      ],
    };
  },
};
