// Reads CSV records from a byte stream, one at a time, and writes records as CSV. Knows no table and keeps no file in memory.

export interface CsvDialect {
  /** One character. */
  readonly delimiter: string;
  readonly encoding: 'utf-8' | 'iso-8859-1';
}

/** A file that is no CSV: the record (the header is 0) at which it went wrong, never what stood there. */
export class CsvFault extends Error {
  constructor(record: number, what: string) {
    super(`record ${record}: ${what}`);
  }
}

/** @returns the records of `source` as fields; quoted fields may hold delimiters, line breaks and doubled quotes; empty lines are left out. */
export async function* readRecords(source: AsyncIterable<Uint8Array>, dialect: CsvDialect): AsyncGenerator<string[]> {
  const { delimiter } = dialect;
  const decoder = new TextDecoder(dialect.encoding, { fatal: true });
  let fields: string[] = [];
  let field = '';
  let place = 'start' as 'start' | 'bare' | 'quoted' | 'closed';
  let number = 0;
  const records: string[][] = [];

  const endField = () => {
    fields.push(field);
    field = '';
    place = 'start';
  };
  const endRecord = () => {
    endField();
    if (fields.length > 1 || fields[0] !== '') {
      records.push(fields);
      number += 1;
    }
    fields = [];
  };
  // A carriage return at a chunk's end waits for the next chunk: only there it shows whether it ends a line.
  let held = '';
  const take = (chunk: string, last = false) => {
    const whole = held + chunk;
    held = !last && whole.endsWith('\r') ? '\r' : '';
    const text = held === '' ? whole : whole.slice(0, -1);
    let start = 0;
    for (let index = 0; index < text.length; index += 1) {
      const char = text[index] as string;
      if (place === 'quoted') {
        if (char !== '"') continue;
        field += text.slice(start, index);
        place = 'closed';
        start = index + 1;
      } else if (char === '"' && place === 'closed') {
        // A doubled quote: the first closed the field, the second belongs to it and opens it again.
        place = 'quoted';
        start = index;
      } else if (char === '"' && place === 'start') {
        place = 'quoted';
        start = index + 1;
      } else if (char === delimiter || char === '\n') {
        const raw = text.slice(start, index);
        field += char === '\n' && raw.endsWith('\r') ? raw.slice(0, -1) : raw;
        start = index + 1;
        if (char === '\n') endRecord();
        else endField();
      } else if (place === 'closed' && char !== '\r') {
        throw new CsvFault(number, 'text after a closing quote');
      } else if (place === 'start') {
        place = 'bare';
      }
    }
    field += text.slice(start);
  };
  const decode = (chunk?: Uint8Array) => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch {
      throw new CsvFault(number, `not ${dialect.encoding}`);
    }
  };

  for await (const chunk of source) {
    take(decode(chunk));
    yield* records.splice(0);
  }
  take(decode(), true);
  if (place === 'quoted') throw new CsvFault(number, 'a quote is never closed');
  if (fields.length > 0 || field !== '') endRecord();
  yield* records;
}

/** @returns a record as a line of CSV: comma, LF, quotes only where needed. */
export function csvLine(fields: readonly string[]): string {
  const cells = fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field));
  return `${cells.join(',')}\n`;
}
