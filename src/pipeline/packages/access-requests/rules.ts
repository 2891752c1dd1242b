// Pure rules of access requests: in which tables persons stand and by what they are found, and how what was found adds up to an answer.
import type { LoggedTransfer } from '../../../access/index.ts';
import type { Domain, Table } from '../../../domains/definition.ts';
import { identityTableOf } from '../../../slices/index.ts';
import { ARCHIVE, CSV_SUFFIX, IDENTITY, PARQUET_SUFFIX } from '../rules.ts';

/** A table that holds persons. One of the two columns at least is there. */
export interface PersonTable {
  readonly domain: string;
  readonly table: Table;
  /** The column of the pseudonym. */
  readonly person: string | undefined;
  /** The column of the source system's own number of a person. */
  readonly number: string | undefined;
}

/** @returns the tables of these domains that hold persons, those of identity pairs among them. */
export function personTablesOf(domains: readonly Domain[]): PersonTable[] {
  return domains.flatMap((domain) =>
    [...domain.tables, identityTableOf(domain)]
      .map((table) => ({
        ...{ domain: domain.id, table },
        person: table.columns.find(({ type }) => type.type === 'person')?.name,
        number: table.columns.find(({ identifiesPerson }) => identifiesPerson)?.name,
      }))
      .filter(({ person, number }) => person !== undefined || number !== undefined),
  );
}

/** A slice in the time during which it was part of the municipality's data. */
export interface HeldPart {
  readonly domain: string;
  readonly table: string;
  readonly period: string;
  readonly revision: number;
  readonly from: Date;
  /** Null: it still is. */
  readonly until: Date | null;
  /** What stands for its content. */
  readonly segmentKey: string;
}

/** A file of a package and the stored segments that it is made of. */
export interface PackagePart {
  readonly packageId: string;
  readonly domain: string;
  readonly kind: 'total' | 'delta';
  readonly revision: number;
  readonly since: number | null;
  readonly createdAt: Date;
  readonly name: string;
  readonly segments: readonly { readonly key: string; readonly bytes: number }[];
  /** Of a delta, the columns of its rows. */
  readonly columns: readonly string[] | null;
}

/** Rows about the person, by segment. */
export type FoundRows = ReadonlyMap<string, number>;

/** The person in a table and period: over which revisions, and in how many rows. */
export interface DataLine {
  readonly domain: string;
  readonly table: string;
  readonly period: string;
  readonly foundBy: string;
  readonly firstRevision: number;
  readonly from: Date;
  readonly lastRevision: number;
  readonly until: Date | null;
  readonly rowsNow: number;
  readonly rowsMost: number;
}

/** @returns where the person's rows were and are, by table and period. */
export function sumHeld(held: readonly HeldPart[], found: FoundRows, tables: readonly PersonTable[]): DataLine[] {
  const groups = new Map<string, HeldPart[]>();
  for (const part of held) {
    if ((found.get(part.segmentKey) ?? 0) === 0) continue;
    const key = `${part.domain}/${part.table}/${part.period}`;
    groups.set(key, [...(groups.get(key) ?? []), part]);
  }
  const rowsOf = ({ segmentKey }: HeldPart) => found.get(segmentKey) ?? 0;
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, parts]) => {
      const ordered = parts.sort((a, b) => a.revision - b.revision);
      const [first, last] = [ordered[0] as HeldPart, ordered.at(-1) as HeldPart];
      const { domain, table, period } = first;
      const by = tables.find((each) => each.table.name === table);
      return {
        ...{ domain, table, period, foundBy: by?.person ?? by?.number ?? '' },
        ...{ firstRevision: first.revision, from: first.from, lastRevision: last.revision, until: last.until },
        ...{ rowsNow: last.until === null ? rowsOf(last) : 0, rowsMost: Math.max(...ordered.map(rowsOf)) },
      };
    });
}

/** A package that contains the person, in these files. */
export interface PackageLine extends Omit<PackagePart, 'packageId' | 'name' | 'segments' | 'columns'> {
  readonly id: string;
  readonly files: readonly { readonly name: string; readonly rows: number }[];
}

/** @returns the packages with rows about the person, oldest first. */
export function sumPackages(parts: readonly PackagePart[], found: FoundRows): PackageLine[] {
  const packages = new Map<string, PackageLine>();
  for (const { packageId, domain, kind, revision, since, createdAt, name, segments } of parts) {
    const rows = segments.reduce((sum, { key }) => sum + (found.get(key) ?? 0), 0);
    if (rows === 0) continue;
    const known = packages.get(packageId) ?? { id: packageId, domain, kind, revision, since, createdAt, files: [] };
    packages.set(packageId, { ...known, files: [...known.files, { name, rows }] });
  }
  return [...packages.values()].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1));
}

/** Whether a transferred file has rows about the person: the archive holds all tables, a Parquet file those of the CSV file beside it. */
export function holdsPerson({ files }: PackageLine, { file }: Pick<LoggedTransfer, 'file'>): boolean {
  const names = files.map(({ name }) => name);
  if (file === ARCHIVE) return names.some((name) => name !== IDENTITY);
  if (!file.endsWith(PARQUET_SUFFIX)) return names.includes(file);
  return names.includes(`${file.slice(0, -PARQUET_SUFFIX.length)}${CSV_SUFFIX}`);
}
