// The events of the synthetic year 2025, in the numbers that a municipality of its size has, with a few registration
// faults planted in named municipalities. Every person is invented for one event.
import { MUNICIPALITIES, type Municipality } from '../municipalities.ts';
import { type Chance, makeChance, makeCpr } from '../synthetic.ts';

export const eventHeader = ['kommunekode', 'cpr', 'haendelse', 'dato', 'fra_kommune', 'til_kommune', 'alder'];

const YEAR = 2025;
const DAYS = Array.from({ length: 365 }, (_, index) => {
  const date = new Date(Date.UTC(YEAR, 0, index + 1));
  return { iso: date.toISOString().slice(0, 10), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
});

/** Real municipalities to move from and to. */
const PARTNERS = MUNICIPALITIES.filter(({ synthetic }) => synthetic !== true).map(({ code }) => code as string);

/**
 * National numbers a year, and the serials that a kind of event may give to one birthday: no two kinds share a serial,
 * so no dead person turns up in another event, and birthdays × serials suffice for the events of the largest municipality.
 */
const KINDS = {
  foedt: { aYear: 57_000, serials: [0, 60] },
  doed: { aYear: 60_000, serials: [60, 120] },
  tilflyttet: { aYear: 330_000, serials: [120, 270] },
  fraflyttet: { aYear: 330_000, serials: [270, 400] },
  indvandret: { aYear: 90_000, serials: [400, 440] },
  udvandret: { aYear: 80_000, serials: [440, 480] },
  genfundet: { aYear: 700, serials: [480, 490] },
  forsvundet: { aYear: 800, serials: [490, 500] },
} as const;

type Kind = keyof typeof KINDS;

const BIRTHDAYS = 12 * 28;

/** Goes through all birthdays before one comes again with the next serial, so that a kind never meets a person twice. */
function birthdayOf(index: number): { month: number; day: number } {
  const number = (index * 97) % BIRTHDAYS;
  return { month: 1 + Math.floor(number / 28), day: 1 + (number % 28) };
}

const COUNTRY =
  PARTNERS.length === 0 ? 1 : MUNICIPALITIES.reduce((sum, one) => sum + (one.synthetic ? 0 : one.population), 0);

/** Registration faults, by municipality: what a quality rule should find there and nowhere else. */
const FAULTS = {
  /** Næstved uses the code of a municipality that was dissolved in 2007 (DQ06). */
  oldCode: '370',
  /** Bornholm has moves from Christiansø (DQ06, information). */
  christiansoe: '400',
  /** Thisted has impossible ages (DQ18). */
  age: '787',
  /** Faxe has moves of persons after their death (DQ21). */
  afterDeath: '320',
  /** Aabenraa lacks most of September (DQ07). */
  lostMonth: '580',
} as const;

/** The number of events of a kind; moves in and out make the population grow as its counts say. */
function countEvents(municipality: Municipality, kind: Kind, growth: number): number {
  const share = municipality.population / COUNTRY;
  const { foedt, doed, indvandret, udvandret } = KINDS;
  const natural = (foedt.aYear - doed.aYear + indvandret.aYear - udvandret.aYear) * share;
  const surplus = (growth * municipality.population - natural) / 2;
  const correction = kind === 'tilflyttet' ? surplus : kind === 'fraflyttet' ? -surplus : 0;
  return Math.max(0, Math.round(KINDS[kind].aYear * share + correction));
}

function ageOf(kind: Kind, chance: Chance): number {
  const draw = chance.fraction();
  if (kind === 'foedt') return 0;
  if (kind === 'doed') return 45 + Math.floor(55 * Math.sqrt(draw));
  if (draw < 0.2) return 1 + chance.integer(17);
  return draw < 0.75 ? 18 + chance.integer(18) : 36 + chance.integer(50);
}

/** The cells fra_kommune and til_kommune; empty for what is no move between municipalities. */
function directionOf(kind: Kind, own: string, chance: Chance): [from: string, to: string] {
  if (kind !== 'tilflyttet' && kind !== 'fraflyttet') return ['', ''];
  const index = chance.integer(PARTNERS.length);
  const drawn = PARTNERS[index] ?? own;
  const partner = drawn === own ? (PARTNERS[(index + 1) % PARTNERS.length] ?? own) : drawn;
  return kind === 'tilflyttet' ? [partner, own] : [own, partner];
}

/** The events of the year, kind by kind and day by day, spread evenly. @param growth of the population in a year, e.g. 0.01. */
export function* makeEvents(municipality: Municipality, seed: number, growth: number): Generator<string[]> {
  const chance = makeChance(seed, municipality.code, 'events');
  for (const kind of Object.keys(KINDS) as Kind[]) yield* makeKind(municipality, kind, growth, chance);
  if (municipality.code === FAULTS.afterDeath) yield* makeAfterDeath(municipality);
}

function* makeKind(municipality: Municipality, kind: Kind, growth: number, chance: Chance): Generator<string[]> {
  const own: string = municipality.code;
  const count = countEvents(municipality, kind, growth);
  const [firstSerial, endSerial] = KINDS[kind].serials;
  for (let index = 0; index < count; index += 1) {
    const date = DAYS[Math.floor((index * DAYS.length) / count)];
    if (date === undefined) return;
    if (own === FAULTS.lostMonth && date.month === 9 && date.day > 8) continue;
    let age = ageOf(kind, chance);
    const { month, day } = kind === 'foedt' ? date : birthdayOf(index);
    const hadBirthday = month < date.month || (month === date.month && day <= date.day);
    const turn = kind === 'foedt' ? index : Math.floor(index / BIRTHDAYS);
    const serial = (firstSerial + (turn % (endSerial - firstSerial))) * 2 + chance.integer(2);
    const cpr = makeCpr(YEAR - age - (hadBirthday ? 0 : 1), month, day, serial);
    let [from, to] = directionOf(kind, own, chance);
    if (kind === 'tilflyttet' && index % 40 === 7) {
      if (own === FAULTS.oldCode) from = '353';
      if (own === FAULTS.christiansoe) from = '411';
    }
    if (own === FAULTS.age && kind === 'doed' && index % 100 === 50) age = 131;
    yield [own, cpr, kind, date.iso, from, to, String(age)];
  }
}

/** Two invented persons who die in March and move in May. */
function* makeAfterDeath({ code }: Municipality): Generator<string[]> {
  for (const day of [3, 17]) {
    const cpr = makeCpr(YEAR - 80, 2, day, 118 + day);
    yield [code, cpr, 'doed', `${YEAR}-03-01`, '', '', '80'];
    yield [code, cpr, 'fraflyttet', `${YEAR}-05-01`, code, PARTNERS[0] ?? code, '80'];
  }
}
