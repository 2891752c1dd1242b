// Finds the records of a file that hold bytes which are no characters in ISO-8859-1. DuckDB only says that there are some, not where.
// It reads the file as bytes and returns record numbers; nothing of the content.
import { createReadStream } from 'node:fs';
import { EXAMPLES_PER_RULE, type FaultyRows } from './rules.ts';

const [LINE_FEED, QUOTE] = [0x0a, 0x22];
/** ISO-8859-1 has control characters here, which no file has; Windows-1252 has – ’ € and others. */
const [FIRST, LAST] = [0x80, 0x9f];

/** @returns the records of the file at `path` with such a byte; the header line is record 0. */
export async function findUndecodable(path: string): Promise<FaultyRows> {
  let record = 0;
  let faulty = -1;
  let quoted = false;
  let count = 0;
  const rows: number[] = [];
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    for (const byte of chunk) {
      // A doubled quote opens and closes, so it changes nothing.
      if (byte === QUOTE) quoted = !quoted;
      else if (byte === LINE_FEED && !quoted) record += 1;
      else if (byte >= FIRST && byte <= LAST && record > faulty) {
        faulty = record;
        count += 1;
        if (rows.length < EXAMPLES_PER_RULE) rows.push(record);
      }
    }
  }
  return { count, rows };
}
