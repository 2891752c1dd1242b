// Writes pupil absence for the benchmarks: many months of one municipality, so that a package has many slices.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { makeChance } from '../../src/domains/synthetic.ts';
import { addMonths } from '../../src/platform/time/period.ts';

export const ABSENCE_HEADER = 'kommunekode,elev_ident,dato,fravaerstype,andel';
const TYPES = ['sygdom', 'sygdom', 'sygdom', 'lovligt', 'ulovligt'];
const PUPILS = 49_999;
const DAYS = 20;
/** Primes: multiples of the one scatter the other's remainders, each met once. */
const SCATTER = 48_271;
const IDENTS = 67_108_859;

/** Writes `rowsPerMonth` rows (at most a million) for each of `months` months from `first`; every key once. */
export async function writeAbsence(
  path: string,
  municipality: string,
  first: string,
  months: number,
  rowsPerMonth: number,
): Promise<void> {
  const chance = makeChance(municipality, first, months);
  const stream = createWriteStream(path);
  stream.write(`${ABSENCE_HEADER}\n`);
  for (let index = 0; index < months; index += 1) {
    const month = addMonths(first, index);
    let text = '';
    const start = chance.integer(PUPILS);
    for (let row = 0; row < rowsPerMonth; row += 1) {
      // Pupils come in no order and have identifiers as a school system gives them; no pair of pupil and day comes twice.
      const pupil = (start + row * SCATTER) % PUPILS;
      const ident = 10_000_000 + ((pupil * 1_103_515) % IDENTS);
      const day = String(1 + ((Math.floor(row / PUPILS) + pupil) % DAYS)).padStart(2, '0');
      const share = chance.integer(5) === 0 ? '0.50' : '1.00';
      text += `${municipality},${ident},${month}-${day},${TYPES[chance.integer(TYPES.length)]},${share}\n`;
    }
    if (!stream.write(text)) await once(stream, 'drain');
  }
  stream.end();
  await finished(stream);
}
