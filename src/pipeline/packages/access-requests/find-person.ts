// Searches the files of slices and deltas for one person: first by the pseudonym, then, where a table has none, by the source system's own numbers that
// stand beside it. It says in how many rows, never which.
import type { Catalogue } from '../../../domains/index.ts';
import type { Duck } from '../../../platform/duckdb/duckdb.ts';
import type { ObjectStorage } from '../../../platform/storage/storage.ts';
import { schemaHashOf } from '../../../slices/index.ts';
import { CSV_SUFFIX } from '../rules.ts';
import { countRowsWith } from './count-rows.ts';
import { type PackagePart, type PersonTable, personTablesOf } from './rules.ts';
import { findRows, listColumns } from './store-duckdb.ts';
import type { SearchedSlice } from './store-holdings.ts';

export interface FoundPerson {
  /** Rows about the person, by segment. */
  readonly rows: ReadonlyMap<string, number>;
  /** Tables that have slices which cannot be searched, because they are not declared any more or were declared without the column. */
  readonly unsearched: readonly string[];
}

export interface SearchDeps {
  readonly storage: ObjectStorage;
  readonly catalogue: Catalogue;
}

/** Files that one query reads. */
const BATCH = 500;

/** @param deltas the files of delta packages. @param pseudonym of the person */
export async function findPerson(
  { storage, catalogue }: SearchDeps,
  duck: Duck,
  slices: readonly SearchedSlice[],
  deltas: readonly PackagePart[],
  pseudonym: string,
): Promise<FoundPerson> {
  const tables = personTablesOf(catalogue.domains);
  const rows = new Map<string, number>();
  const unsearched = new Set(slices.map(({ table }) => table).filter((table) => !isKnown(catalogue, tables, table)));
  /** By domain and column. */
  const numbers = new Map<string, Set<string>>();
  const numbersOf = ({ domain, number }: PersonTable) => {
    const known = numbers.get(`${domain}/${number}`) ?? new Set<string>();
    numbers.set(`${domain}/${number}`, known);
    return known;
  };
  /** Tables with the pseudonym come first: they tell the numbers. */
  const ordered = [...tables].sort((a, b) => Number(a.person === undefined) - Number(b.person === undefined));
  for (const each of ordered) {
    const values = each.person === undefined ? [...numbersOf(each)] : [pseudonym];
    if (values.length === 0) continue;
    const own = slices.filter(({ table }) => table === each.table.name);
    for (const group of groupBy(own, ({ schemaHash }) => schemaHash)) {
      if (!(await hasColumns(duck, storage, each, group[0] as SearchedSlice))) {
        unsearched.add(each.table.name);
        continue;
      }
      for (let start = 0; start < group.length; start += BATCH) {
        const found = await searchFiles(duck, storage, each, group.slice(start, start + BATCH), values, rows);
        if (each.person !== undefined && each.number !== undefined) for (const one of found) numbersOf(each).add(one);
      }
    }
  }
  for (const delta of deltas) {
    const each = tables.find(({ table }) => delta.name === `${table.name}${CSV_SUFFIX}`);
    if (each === undefined) continue;
    const values = each.person === undefined ? numbersOf(each) : new Set([pseudonym]);
    const column = delta.columns?.indexOf(each.person ?? each.number ?? '') ?? -1;
    if (column === -1) unsearched.add(each.table.name);
    else await searchSegments(storage, delta, column, values, rows);
  }
  return { rows, unsearched: [...unsearched].sort() };
}

function isKnown(catalogue: Catalogue, tables: readonly PersonTable[], name: string): boolean {
  return catalogue.table(name) !== undefined || tables.some(({ table }) => table.name === name);
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item)) ?? [];
    groups.set(keyOf(item), group);
    group.push(item);
  }
  return [...groups.values()];
}

/** Slices of the declared schema have them; those of an earlier one are looked at. */
async function hasColumns(
  duck: Duck,
  storage: ObjectStorage,
  each: PersonTable,
  slice: SearchedSlice,
): Promise<boolean> {
  if (slice.schemaHash === schemaHashOf(each.table)) return true;
  const columns = await listColumns(duck, await storage.localPath(slice.parquetKey));
  return [each.person, each.number].every((name) => name === undefined || columns.has(name));
}

/** Adds the rows that are found to `rows`. @returns the source system's numbers of the person */
async function searchFiles(
  duck: Duck,
  storage: ObjectStorage,
  { table, person, number }: PersonTable,
  slices: readonly SearchedSlice[],
  values: readonly string[],
  rows: Map<string, number>,
): Promise<Set<string>> {
  const byPath = new Map<string, string>();
  for (const { parquetKey, segmentKey } of slices) byPath.set(await storage.localPath(parquetKey), segmentKey);
  const column = table.columns.find(({ name }) => name === (person ?? number));
  if (column === undefined) throw new TypeError('a table without a column to search');
  const found = await findRows(duck, [...byPath.keys()], column, values, person === undefined ? undefined : number);
  for (const file of found) rows.set(byPath.get(file.path) as string, file.rows);
  return new Set(found.flatMap((file) => file.numbers));
}

async function searchSegments(
  storage: ObjectStorage,
  { segments }: PackagePart,
  column: number,
  values: ReadonlySet<string>,
  rows: Map<string, number>,
): Promise<void> {
  if (values.size === 0) return;
  for (const segment of segments) {
    if (!rows.has(segment.key)) rows.set(segment.key, await countRowsWith(storage, segment, column, values));
  }
}
