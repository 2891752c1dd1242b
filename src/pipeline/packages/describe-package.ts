// The manifest of a package, which is also a Frictionless Data Package (v2). Pure: what is stored has no addresses, those are added when it is read.
import type { Domain, Table } from '../../domains/definition.ts';
import { describeTable, type TableSchema } from './describe-table.ts';

/** Which package a manifest is of. Times are RFC 3339; `revisedAt` is when the revision became visible. */
export interface PackageFacts {
  readonly id: string;
  readonly municipality: string;
  readonly domain: string;
  readonly kind: 'total' | 'delta';
  readonly revision: number;
  readonly since: number | null;
  readonly createdAt: string;
  readonly revisedAt: string;
}

/** A file as the manifest tells of it: `hash` is `sha256:` and hex. */
export interface FileFacts {
  readonly bytes: number;
  readonly hash: string;
}

/** A table of a package. `plainBytes` is the length of its CSV, header line included. */
export interface TableFacts {
  readonly table: Table;
  readonly rows: number;
  readonly plainBytes: number;
}

interface Resource {
  readonly name: string;
  readonly path?: string;
  readonly rows: number;
  readonly bytes: number;
  readonly schema: TableSchema;
  readonly [property: string]: unknown;
}

/** The manifest as stored with a ready package. */
export interface StoredManifest {
  readonly name: string;
  readonly title: string;
  readonly titleEn: string;
  readonly description: string;
  readonly descriptionEn: string;
  readonly created: string;
  readonly version: string;
  readonly revisedAt: string;
  readonly resources: readonly Resource[];
  readonly archive: FileFacts;
}

export const PROFILE = 'https://datapackage.org/profiles/2.0/datapackage.json';

/** The stem of every file name that leaves, e.g. `skole-615-r12` or `skole-615-r10-r12`. */
export function packageName({
  domain,
  municipality,
  revision,
  since,
}: Omit<PackageFacts, 'createdAt' | 'revisedAt'>): string {
  return `${domain}-${municipality}-${since === null ? '' : `r${since}-`}r${revision}`;
}

function headOf(domain: Domain, facts: PackageFacts) {
  const { kind, since, revision } = facts;
  const da = kind === 'total' ? `revision ${revision}` : `ændringer fra revision ${since} til ${revision}`;
  const en = kind === 'total' ? `revision ${revision}` : `changes from revision ${since} to ${revision}`;
  return {
    name: packageName(facts),
    title: `${domain.title.da}, kommune ${facts.municipality}, ${da}`,
    titleEn: `${domain.title.en}, municipality ${facts.municipality}, ${en}`,
    description: domain.description.da,
    descriptionEn: domain.description.en,
    created: facts.createdAt,
    version: String(revision),
    revisedAt: facts.revisedAt,
  };
}

function describeResource({ table, rows }: TableFacts, kind: PackageFacts['kind']) {
  return {
    name: table.name,
    type: 'table',
    title: table.title.da,
    titleEn: table.title.en,
    description: table.description.da,
    descriptionEn: table.description.en,
    format: 'csv',
    mediatype: 'text/csv',
    encoding: 'utf-8',
    dialect: { header: true, delimiter: ',', lineTerminator: '\n', quoteChar: '"', doubleQuote: true },
    rows,
    schema: describeTable(table, kind === 'delta'),
  };
}

/** The descriptor inside the archive. It tells bytes and rows of the plain files but no hash: it cannot hold the archive's own. */
export function describeArchive(domain: Domain, facts: PackageFacts, tables: readonly TableFacts[]): string {
  const { id, municipality, kind, revision, since } = facts;
  const descriptor = {
    $schema: PROFILE,
    id,
    ...headOf(domain, facts),
    municipality,
    domain: domain.id,
    kind,
    revision,
    since,
    resources: tables.map((table) => ({
      ...describeResource(table, kind),
      path: `${table.table.name}.csv`,
      bytes: table.plainBytes,
    })),
  };
  return `${JSON.stringify(descriptor, null, 2)}\n`;
}

/** The manifest of a package whose files are known, without addresses. */
export function describePackage(
  domain: Domain,
  facts: PackageFacts,
  tables: readonly (TableFacts & { readonly file: FileFacts })[],
  archive: FileFacts,
): StoredManifest {
  const resources = tables.map((table) => ({
    ...describeResource(table, facts.kind),
    compression: 'gz',
    ...table.file,
    plainBytes: table.plainBytes,
  }));
  return { ...headOf(domain, facts), resources, archive };
}
