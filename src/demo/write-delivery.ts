// Writes a synthetic delivery as CSV files on this machine, as a source system would, for the client to send.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { SyntheticDelivery, SyntheticFile } from '../domains/synthetic.ts';

export interface WrittenFile {
  readonly table: string;
  readonly path: string;
  readonly rows: number;
}

const CHUNK_CHARACTERS = 256 * 1024;
/** Separates the cells of a row; no text has it. */
const UNIT = '\u001f';
const NEEDS_QUOTES = /[",\r\n]/;

/** Writes the delivery's files into `folder`; rows are made as they are written, never held. */
export async function writeDelivery(delivery: SyntheticDelivery, folder: string): Promise<WrittenFile[]> {
  const written: WrittenFile[] = [];
  for (const file of delivery.files) {
    const path = join(folder, `${file.table}.csv`);
    written.push({ table: file.table, path, rows: await writeFile(file, path) });
  }
  return written;
}

async function writeFile(file: SyntheticFile, path: string): Promise<number> {
  const stream = createWriteStream(path, { mode: 0o600 });
  let text = `${file.header.join(',')}\n`;
  let rows = 0;
  for (const row of file.rows()) {
    // One look at a row is cheaper than one at each cell, and hardly any needs quotes.
    const joined = row.join(UNIT);
    text += NEEDS_QUOTES.test(joined) ? row.map(cell).join(',') : joined.replaceAll(UNIT, ',');
    text += '\n';
    rows += 1;
    if (text.length >= CHUNK_CHARACTERS) {
      if (!stream.write(text)) await once(stream, 'drain');
      text = '';
    }
  }
  stream.end(text);
  await finished(stream);
  return rows;
}

function cell(text: string): string {
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
