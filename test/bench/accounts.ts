// Writes account balances for the benchmarks: realistic columns and entropy, any number of rows, every key once, in no order.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { ACCOUNTS } from '../../src/domains/oekonomi/synthetic-accounts.ts';
import { makeChance } from '../../src/domains/synthetic.ts';

const HEADER =
  'kommunekode,regnskabsaar,periode,hovedkonto,hovedfunktion,funktion,dranst,ejerforhold,gruppering,art,registreringskonto,omkostningssted,beloeb';
const CHART_HEADER =
  'kommunekode,aar,hovedkonto,hovedfunktion,funktion,dranst,gruppering,tekst,autoriseret,im_match,serviceudgift,gyldig_fra,gyldig_til';
const CHUNK = 1 << 20;

/** Writes `rows` balances of `year`, spread over its twelve periods. */
export async function writeAccounts(path: string, municipality: string, year: number, rows: number): Promise<void> {
  const chance = makeChance(municipality, year, rows);
  const parts = ACCOUNTS.flatMap((account) =>
    account.mix.map(([art]) => ({
      account: [...account.funktion.split('.'), account.dranst].join(','),
      tail: `${account.gruppering},${art}`,
    })),
  );
  await writeLines(path, HEADER, function* () {
    for (let row = 0; row < rows; row += 1) {
      const part = parts[chance.integer(parts.length)];
      const local = 1_000_000_000 + Math.floor(row / 12);
      const centre = 10_000 + chance.integer(4_000);
      const amount = ((chance.integer(40_000_000) - 8_000_000) / 100).toFixed(2);
      yield `${municipality},${year},${(row % 12) + 1},${part?.account},1,${part?.tail},${local},${centre},${amount}\n`;
    }
  });
}

/** Writes the chart of accounts that the balances of `year` are booked on. */
export async function writeChart(path: string, municipality: string, year: number): Promise<void> {
  const accounts = new Set(
    ACCOUNTS.map(({ funktion, dranst, gruppering }) => [...funktion.split('.'), dranst, gruppering].join(',')),
  );
  await writeLines(path, CHART_HEADER, function* () {
    for (const account of accounts) yield `${municipality},${year},${account},Konto,true,true,true,,\n`;
  });
}

async function writeLines(path: string, header: string, lines: () => Iterable<string>): Promise<void> {
  const stream = createWriteStream(path);
  let text = `${header}\n`;
  for (const line of lines()) {
    text += line;
    if (text.length >= CHUNK) {
      if (!stream.write(text)) await once(stream, 'drain');
      text = '';
    }
  }
  stream.end(text);
  await finished(stream);
}
