// The mapping file: which columns of a file become which columns of a table. A user writes it by hand, so faults are told by place.
// A value is never part of a fault: files can hold persons.

/** Where a value comes from: a column, a constant, or a column changed by patterns (the first that fits, on the whole value) and then by a list. */
export type Value =
  | string
  | { readonly constant: string }
  | {
      readonly from: string;
      readonly replace?: Readonly<Record<string, string>>;
      readonly map?: Readonly<Record<string, string>>;
    };

export interface Mapping {
  readonly description?: string;
  readonly domain: string;
  readonly sourceSystem: string;
  readonly kind: 'total' | 'delta';
  readonly table: string;
  readonly delimiter?: string;
  readonly encoding?: 'utf-8' | 'iso-8859-1';
  readonly decimalMark?: 'point' | 'comma';
  /** The municipality of a row, three digits. */
  readonly municipality: Value;
  /**
   * The month `YYYY-MM`, year `YYYY` or school year `YYYY-YYYY` of a row; from the first to the last month of all rows is the span that is delivered.
   * Tables kept by an accounting or school year are delivered by whole years.
   */
  readonly period: Value;
  /** Column of the table → where its value comes from. */
  readonly columns: Readonly<Record<string, Value>>;
}

/** Something to be put right in the mapping file or the data file, with its place. */
export class MappingFault extends Error {}

const TEXTS = ['domain', 'sourceSystem', 'table'] as const;
const KNOWN = new Set([
  'description',
  'domain',
  'sourceSystem',
  'kind',
  'table',
  'delimiter',
  'encoding',
  'decimalMark',
  'municipality',
  'period',
  'columns',
]);

function check(holds: boolean, place: string, expected: string): asserts holds {
  if (!holds) throw new MappingFault(`mapping: ${place}: expected ${expected}`);
}

function isTexts(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((text) => typeof text === 'string');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkValue(value: unknown, place: string): void {
  if (typeof value === 'string') return;
  check(isObject(value), place, 'a column name, {"constant": …} or {"from": …}');
  if ('constant' in value) {
    check(typeof value.constant === 'string' && Object.keys(value).length === 1, place, '{"constant": "text"}');
    return;
  }
  check(typeof value.from === 'string', `${place}.from`, 'a column name');
  for (const name of Object.keys(value))
    check(['from', 'replace', 'map'].includes(name), `${place}.${name}`, 'from, replace or map only');
  check(value.replace === undefined || isTexts(value.replace), `${place}.replace`, '{"pattern": "replacement", …}');
  check(value.map === undefined || isTexts(value.map), `${place}.map`, '{"value": "new value", …}');
  for (const pattern of Object.keys(value.replace ?? {})) {
    check(isPattern(pattern), `${place}.replace`, `a regular expression in place of ${pattern}`);
  }
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u') !== null;
  } catch {
    return false;
  }
}

/** @returns the mapping in `text` (JSON). @throws MappingFault that names the place at fault. */
export function readMapping(text: string): Mapping {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new MappingFault('mapping: expected a JSON document');
  }
  check(isObject(json), '(whole file)', 'a JSON object');
  for (const name of Object.keys(json)) check(KNOWN.has(name), name, `one of ${[...KNOWN].join(', ')}`);
  for (const name of TEXTS) check(typeof json[name] === 'string', name, 'text');
  check(json.kind === 'total' || json.kind === 'delta', 'kind', 'total or delta');
  check(json.delimiter === undefined || /^[,;\t|]$/.test(String(json.delimiter)), 'delimiter', 'one of , ; | or a tab');
  check([undefined, 'utf-8', 'iso-8859-1'].includes(json.encoding as string), 'encoding', 'utf-8 or iso-8859-1');
  check([undefined, 'point', 'comma'].includes(json.decimalMark as string), 'decimalMark', 'point or comma');
  checkValue(json.municipality, 'municipality');
  checkValue(json.period, 'period');
  check(isObject(json.columns) && Object.keys(json.columns).length > 0, 'columns', 'an object of columns');
  for (const [name, value] of Object.entries(json.columns)) checkValue(value, `columns.${name}`);
  return json as unknown as Mapping;
}

/** A row of the file as it is to be delivered. */
export interface MappedRow {
  readonly municipality: string;
  /** First and last month of its period, `YYYY-MM`. */
  readonly from: string;
  readonly to: string;
  /** In the order of the mapping's columns. */
  readonly cells: readonly string[];
}

const YEAR = '(?:19|20|21)[0-9]{2}';
const MONTH = new RegExp(`^${YEAR}-(?:0[1-9]|1[0-2])$`);
const YEARS = new RegExp(`^(${YEAR})(?:-(${YEAR}))?$`);

/** @returns the months of a period, or `undefined` when it is none. School years run August to July. */
function monthsOf(period: string): { from: string; to: string } | undefined {
  if (MONTH.test(period)) return { from: period, to: period };
  const [, first, second] = YEARS.exec(period) ?? [];
  if (first === undefined) return undefined;
  if (second === undefined) return { from: `${first}-01`, to: `${first}-12` };
  return Number(second) === Number(first) + 1 ? { from: `${first}-08`, to: `${second}-07` } : undefined;
}

type Compute = (record: readonly string[], number: number) => string;

function compile(value: Value, place: string, header: readonly string[]): Compute {
  if (typeof value !== 'string' && 'constant' in value) return () => value.constant;
  const from = typeof value === 'string' ? value : value.from;
  const index = header.indexOf(from);
  if (index === -1) throw new MappingFault(`mapping: ${place}: the file has no column ${from}`);
  if (typeof value === 'string') return (record) => record[index] as string;
  const patterns = Object.entries(value.replace ?? {}).map(
    ([pattern, replacement]) => [new RegExp(`^(?:${pattern})$`, 'u'), replacement] as const,
  );
  const list = value.map === undefined ? undefined : new Map(Object.entries(value.map));
  return (record, number) => {
    let text = record[index] as string;
    if (patterns.length > 0) {
      const fitting = patterns.find(([pattern]) => pattern.test(text));
      if (fitting === undefined)
        throw new MappingFault(`record ${number}: column ${from}: no pattern of ${place} fits`);
      text = text.replace(fitting[0], fitting[1]);
    }
    if (list === undefined) return text;
    const mapped = list.get(text);
    if (mapped === undefined) throw new MappingFault(`record ${number}: column ${from}: not in the list of ${place}`);
    return mapped;
  };
}

/** @returns how a record (its number, header excluded) becomes a row. @throws MappingFault at once for columns the file lacks, later per record. */
export function compileMapping(
  mapping: Mapping,
  header: readonly string[],
): (record: readonly string[], number: number) => MappedRow {
  const municipality = compile(mapping.municipality, 'municipality', header);
  const period = compile(mapping.period, 'period', header);
  const columns = Object.entries(mapping.columns).map(([name, value]) => compile(value, `columns.${name}`, header));
  return (record, number) => {
    if (record.length !== header.length) {
      throw new MappingFault(`record ${number}: ${record.length} fields where the header has ${header.length}`);
    }
    const code = municipality(record, number);
    if (!/^[0-9]{3}$/.test(code)) throw new MappingFault(`record ${number}: municipality is not three digits`);
    const months = monthsOf(period(record, number));
    if (months === undefined) {
      throw new MappingFault(`record ${number}: period is no month YYYY-MM, year YYYY or school year YYYY-YYYY`);
    }
    return { municipality: code, ...months, cells: columns.map((column) => column(record, number)) };
  };
}
