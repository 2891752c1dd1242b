// Counts the rows of a stored segment that have one of some values in a column, as the bytes come. It reads canonical CSV (minimal quoting, no header line)
// and keeps nothing of it.
import { createInflateRaw, constants as zlib } from 'node:zlib';
import type { ObjectStorage } from '../../../platform/storage/storage.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;

export interface RowCounter {
  push(chunk: Uint8Array): void;
  rows(): number;
}

/** @param column counted from 0. @param values of ASCII characters that are never quoted: pseudonyms, whole numbers */
export function createRowCounter(column: number, values: ReadonlySet<string>): RowCounter {
  let field = 0;
  let quoted = false;
  let cell = '';
  let rows = 0;
  return {
    push(chunk) {
      for (const byte of chunk) {
        // A doubled quote inside of a quoted cell opens and closes it once more. Quotes stay in the cell: what was quoted is no value that is looked for.
        if (byte === QUOTE) quoted = !quoted;
        if (!quoted && (byte === COMMA || byte === LINE_FEED)) {
          if (field === column && values.has(cell)) rows += 1;
          cell = '';
          field = byte === COMMA ? field + 1 : 0;
        } else if (field === column) cell += String.fromCharCode(byte);
      }
    },
    rows: () => rows,
  };
}

/** @returns the rows of the segment that have one of `values` in `column`. */
export async function countRowsWith(
  storage: ObjectStorage,
  segment: { readonly key: string; readonly bytes: number },
  column: number,
  values: ReadonlySet<string>,
): Promise<number> {
  const counter = createRowCounter(column, values);
  // A segment does not end the stream of deflate.
  const inflate = createInflateRaw({ finishFlush: zlib.Z_SYNC_FLUSH });
  const source = storage.read(segment.key, { start: 0, end: segment.bytes - 1 });
  source.on('error', (error) => inflate.destroy(error)).pipe(inflate);
  for await (const chunk of inflate) counter.push(chunk as Buffer);
  return counter.rows();
}
