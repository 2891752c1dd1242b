// Writes pupil absence for the benchmarks: many months of one municipality, so that a package has many slices.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { makeChance } from '../../src/domains/synthetic.ts';
import { addMonths } from '../../src/platform/time/period.ts';

export const ABSENCE_HEADER = 'kommunekode,elev_ident,dato,fravaerstype,andel';
const TYPES = ['sygdom', 'sygdom', 'sygdom', 'lovligt', 'ulovligt'];
const PUPILS = 50_000;
const DAYS = 20;

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
    // A stride through pupils and days that meets no pair twice, with random rests.
    const start = chance.integer(PUPILS);
    for (let row = 0; row < rowsPerMonth; row += 1) {
      const pupil = 100_000 + ((start + row * 7) % PUPILS);
      const day = String(1 + ((Math.floor(row / PUPILS) + pupil) % DAYS)).padStart(2, '0');
      const share = chance.integer(5) === 0 ? '0.50' : '1.00';
      text += `${municipality},${pupil},${month}-${day},${TYPES[chance.integer(TYPES.length)]},${share}\n`;
    }
    if (!stream.write(text)) await once(stream, 'drain');
  }
  stream.end();
  await finished(stream);
}
