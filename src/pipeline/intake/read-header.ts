// Reads the header record of a received CSV file from its first bytes and says how the file is written.
// Pure: it sees a bounded prefix and never data beyond it; what needs the whole file is left as `detect`.
import { isUtf8 } from 'node:buffer';

export type Delimiter = ',' | ';';
export type Encoding = 'utf-8' | 'iso-8859-1';

/** What the sender says of the file; what is absent is detected. */
export interface DeclaredDialect {
  readonly delimiter?: Delimiter | undefined;
  readonly decimalMark?: 'point' | 'comma' | undefined;
  readonly encoding?: Encoding | undefined;
}

/**
 * How a received file is written; kept with the file. `encoding` is `detect` while the prefix is plain ASCII (both encodings agree so far)
 * and `decimalMark` is `detect` unless declared: both are settled when the whole file is read.
 */
export interface Dialect {
  readonly delimiter: Delimiter;
  readonly decimalMark: 'point' | 'comma' | 'detect';
  readonly encoding: Encoding | 'detect';
  readonly bom: boolean;
  readonly newline: 'lf' | 'crlf';
  /** Column names as they stand in the header, in file order. */
  readonly columns: readonly string[];
}

/** Why a header cannot be read. */
export type HeaderFault =
  | 'empty'
  | 'utf-16'
  | 'not-text'
  | 'not-utf-8'
  | 'not-iso-8859-1'
  | 'unclosed-quote'
  | 'too-long'
  | 'newline';

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** @returns how many bytes at the end (0–3) are the beginning of a UTF-8 character that is cut off. */
export function unfinishedTail(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0;
  }
  return 0;
}

function isUtf8Prefix(bytes: Uint8Array): boolean {
  return isUtf8(bytes.subarray(0, bytes.length - unfinishedTail(bytes)));
}

function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80);
}

function encodingOf(bytes: Uint8Array, bom: boolean, declared: Encoding | undefined): Dialect['encoding'] {
  if (bom) return 'utf-8';
  if (declared !== undefined) return declared;
  if (isAscii(bytes)) return 'detect';
  return isUtf8Prefix(bytes) ? 'utf-8' : 'iso-8859-1';
}

/** The header record's end: the first line break outside quotes; -1 when there is none. A quote opens only at the start of a field. */
function endOfRecord(text: string, delimiters: string): number {
  let quoted = false;
  let fieldStart = true;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index] as string;
    if (quoted) {
      if (char === '"') quoted = false;
    } else if (char === '"' && (fieldStart || text[index - 1] === '"')) {
      quoted = true;
    } else if (char === '\n' || char === '\r') {
      return index;
    }
    fieldStart = !quoted && delimiters.includes(char);
  }
  return quoted ? -2 : -1;
}

/** The delimiter that stands outside quotes more often. */
function detectDelimiter(record: string): Delimiter {
  const bare = record.replace(/"(?:[^"]|"")*"/g, '');
  const count = (delimiter: string) => bare.split(delimiter).length - 1;
  return count(';') > count(',') ? ';' : ',';
}

/** Splits one record into its fields; quoted fields may hold delimiters, line breaks and doubled quotes. */
export function splitRecord(record: string, delimiter: Delimiter): string[] {
  const fields: string[] = [];
  let start = 0;
  for (;;) {
    let closed = start;
    let inside = '';
    if (record[start] === '"') {
      closed = start + 1;
      while (closed < record.length && (record[closed] !== '"' || record[closed + 1] === '"')) {
        closed += record[closed] === '"' ? 2 : 1;
      }
      inside = record.slice(start + 1, closed).replaceAll('""', '"');
      closed += 1;
    }
    const next = record.indexOf(delimiter, closed);
    fields.push(inside + record.slice(closed, next === -1 ? undefined : next));
    if (next === -1) return fields;
    start = next + 1;
  }
}

/**
 * Reads the header from `prefix`, the first (decompressed) bytes of the file; `whole` says that this is all of it.
 * @returns the dialect, or why there is none.
 */
export function readHeader(prefix: Uint8Array, whole: boolean, declared: DeclaredDialect): Dialect | HeaderFault {
  const first = [prefix[0], prefix[1]];
  if ((first[0] === 0xff && first[1] === 0xfe) || (first[0] === 0xfe && first[1] === 0xff)) return 'utf-16';
  if (prefix.includes(0)) return 'not-text';
  const bom = BOM.equals(prefix.subarray(0, 3));
  const bytes = bom ? prefix.subarray(3) : prefix;
  const encoding = encodingOf(bytes, bom, declared.encoding);
  if (encoding === 'utf-8' && !isUtf8Prefix(bytes)) return 'not-utf-8';
  if (encoding === 'iso-8859-1' && bytes.some((byte) => byte >= 0x80 && byte <= 0x9f)) return 'not-iso-8859-1';
  const text = Buffer.from(bytes).toString(encoding === 'iso-8859-1' ? 'latin1' : 'utf8');
  const end = endOfRecord(text, declared.delimiter ?? ',;');
  if (end === -2) return whole ? 'unclosed-quote' : 'too-long';
  if (end === -1 && !whole) return 'too-long';
  const record = end === -1 ? text : text.slice(0, end);
  if (record.trim() === '') return 'empty';
  if (end !== -1 && text[end] === '\r' && text[end + 1] !== '\n' && end + 1 < text.length) return 'newline';
  const delimiter = declared.delimiter ?? detectDelimiter(record);
  return {
    delimiter,
    decimalMark: declared.decimalMark ?? 'detect',
    encoding,
    bom,
    newline: text[end] === '\r' ? 'crlf' : 'lf',
    columns: splitRecord(record, delimiter),
  };
}
