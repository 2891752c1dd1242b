// The descriptor `datapackage.json` of a delivery as it lies in the folder: a Frictionless Data Package whose paths are the files beside it. Pure.
import type { NamedFile } from './state.ts';

/** Members of a descriptor; most are handed on as they are. */
type Descriptor = Readonly<Record<string, unknown>>;

const TEXTS = ['name', 'title', 'titleEn', 'description', 'descriptionEn'];
const OF_PACKAGE = ['$schema', 'id', ...TEXTS, 'created', 'version', 'revisedAt'];
const OF_CONTENT = ['municipality', 'domain', 'kind', 'revision', 'since'];
const OF_TABLE = [...TEXTS, 'type', 'rows', 'schema'];
const OF_CSV = ['format', 'mediatype', 'encoding', 'dialect', 'compression'];
const AS_PARQUET = { format: 'parquet', mediatype: 'application/vnd.apache.parquet' };

/**
 * @param descriptor as the service gives it for the whole package
 * @param files those of the delivery; lengths and digests are theirs, because the manifest that names them is signed
 * @returns undefined when the archive is all there is: it holds a descriptor of its own
 */
export function describeFiles(descriptor: Descriptor, files: readonly NamedFile[]): Descriptor | undefined {
  const tables = Array.isArray(descriptor.resources) ? (descriptor.resources as Descriptor[]) : [];
  const resources = tables.flatMap((table): Descriptor[] => {
    const csv = files.find(({ name }) => name === `${table.name}.csv.gz`);
    const parquet = files.find(({ name }) => name === `${table.name}.parquet`);
    const asParquet = parquet && { ...AS_PARQUET, ...factsOf(parquet) };
    if (csv === undefined) return asParquet === undefined ? [] : [{ ...pick(table, OF_TABLE), ...asParquet }];
    const alternatives = asParquet === undefined ? {} : { alternatives: [asParquet] };
    return [{ ...pick(table, OF_TABLE), ...pick(table, OF_CSV), ...factsOf(csv), ...alternatives }];
  });
  if (resources.length === 0) return undefined;
  return { ...pick(descriptor, [...OF_PACKAGE, ...OF_CONTENT]), resources };
}

function pick(from: Descriptor, names: readonly string[]): Descriptor {
  return Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));
}

function factsOf({ name, bytes, sha256 }: NamedFile) {
  return { path: name, bytes, hash: `sha256:${sha256}` };
}
