// Splits a national file into one file per municipality, in one pass and constant memory. The parts can hold persons:
// they lie in a folder that only this user can read, and whoever asked for them deletes it.
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { csvLine, readRecords } from './csv.ts';
import { compileMapping, type MappedRow, type Mapping, MappingFault } from './mapping.ts';

/** A municipality's part of the file. */
export interface Part {
  readonly municipality: string;
  readonly path: string;
  readonly rows: number;
}

export interface SplitFile {
  readonly parts: readonly Part[];
  /** First and last month of the whole file: every municipality delivers the same span. */
  readonly periodFrom: string;
  readonly periodTo: string;
  readonly rows: number;
}

const FLUSH_CHARACTERS = 64 * 1024;

/** Collects lines and writes them 64 KiB at a time. */
class PartWriter {
  readonly path: string;
  rows = 0;
  #file: FileHandle;
  #text: string;

  constructor(path: string, file: FileHandle, header: string) {
    this.path = path;
    this.#file = file;
    this.#text = header;
  }

  async add(line: string): Promise<void> {
    this.#text += line;
    this.rows += 1;
    if (this.#text.length >= FLUSH_CHARACTERS) await this.#flush();
  }

  async #flush(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    await this.#file.appendFile(text);
  }

  async close(): Promise<void> {
    await this.#flush();
    await this.#file.close();
  }
}

/** Reads `path` by `mapping` and writes the parts into `folder`. @throws MappingFault or CsvFault that names the record. */
export async function splitFile(
  path: string,
  mapping: Mapping,
  folder: string,
  signal: AbortSignal,
): Promise<SplitFile> {
  const dialect = { delimiter: mapping.delimiter ?? ',', encoding: mapping.encoding ?? 'utf-8' } as const;
  const writers = new Map<string, PartWriter>();
  const header = csvLine(Object.keys(mapping.columns));
  let toRow: ((record: readonly string[], number: number) => MappedRow) | undefined;
  let rows = 0;
  let periodFrom = '9999-12';
  let periodTo = '0000-01';
  try {
    for await (const record of readRecords(createReadStream(path, { highWaterMark: 256 * 1024, signal }), dialect)) {
      if (toRow === undefined) {
        toRow = compileMapping(mapping, record);
        continue;
      }
      rows += 1;
      const row = toRow(record, rows);
      if (row.from < periodFrom) periodFrom = row.from;
      if (row.to > periodTo) periodTo = row.to;
      let writer = writers.get(row.municipality);
      if (writer === undefined) {
        const target = join(folder, `${row.municipality}.csv`);
        writer = new PartWriter(target, await open(target, 'wx', 0o600), header);
        writers.set(row.municipality, writer);
      }
      await writer.add(csvLine(row.cells));
    }
  } finally {
    await Promise.all([...writers.values()].map((writer) => writer.close()));
  }
  if (rows === 0) throw new MappingFault('the file has no rows');
  const parts = [...writers].map(([municipality, writer]) => ({ municipality, path: writer.path, rows: writer.rows }));
  parts.sort((a, b) => (a.municipality < b.municipality ? -1 : 1));
  return { parts, periodFrom, periodTo, rows };
}
