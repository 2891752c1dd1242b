// Packages as they go over the wire: the order, and the manifest with addresses once it is ready. Pure.
import { PROFILE, type StoredManifest } from './describe-package.ts';
import { IDENTITY, MEDIA_TYPES, PARQUET_SUFFIX } from './rules.ts';
import type { DataPackage } from './store.ts';
import type { PackageFile } from './store-files.ts';

/** A package without its files: an item of a listing, and the answer to an order. */
export function presentPackage(ordered: DataPackage, municipality: string) {
  const { id, domain, kind, revision, since, state, failure, createdAt, readyAt, keptUntil } = ordered;
  return {
    id,
    municipality,
    domain,
    kind,
    revision,
    since,
    state,
    failure,
    createdAt: createdAt.toISOString(),
    readyAt: readyAt?.toISOString() ?? null,
    fetchableUntil: keptUntil?.toISOString() ?? null,
    revocation: presentRevocation(ordered),
  };
}

/** When and why a package was revoked; null where it was not. */
export function presentRevocation({
  revokedAt,
  revocationReason,
}: Pick<DataPackage, 'revokedAt' | 'revocationReason'>) {
  return revokedAt === null ? null : { revokedAt: revokedAt.toISOString(), reason: revocationReason ?? '' };
}

/**
 * The manifest: a Frictionless Data Package with the properties of `presentPackage`.
 * @param origin scheme and host under which users reach the service
 * @param identity the file of identity pairs, when there is one and the caller may have it
 */
export function presentManifest(
  ordered: DataPackage,
  stored: StoredManifest,
  municipality: string,
  origin: string,
  identity: PackageFile | undefined,
) {
  const { resources, archive, ...head } = stored;
  const base = `${origin}/v1/packages/${ordered.id}`;
  const tables = resources.map(({ name, ...resource }) => ({
    name,
    path: `${base}/files/${name}.csv.gz`,
    ...resource,
    alternatives: [
      { format: 'parquet', mediatype: MEDIA_TYPES.parquet, path: `${base}/files/${name}${PARQUET_SUFFIX}` },
    ],
  }));
  return {
    $schema: PROFILE,
    ...presentPackage(ordered, municipality),
    ...head,
    resources: identity === undefined ? tables : [...tables, presentIdentity(base, identity)],
    archive: { path: `${base}/archive.zip`, mediatype: MEDIA_TYPES.zip, ...archive },
  };
}

function presentIdentity(base: string, { rows, bytes, sha256 }: PackageFile) {
  const field = (name: string, title: string, titleEn: string) => ({
    name,
    type: 'string',
    title,
    titleEn,
    constraints: { required: true },
  });
  return {
    name: 'identitet',
    path: `${base}/files/${IDENTITY}`,
    type: 'table',
    title: 'Identiteter: pseudonym og cpr-nummer',
    titleEn: 'Identities: pseudonym and CPR number',
    format: 'csv',
    mediatype: 'text/csv',
    encoding: 'utf-8',
    compression: 'gz',
    rows,
    bytes,
    hash: `sha256:${sha256}`,
    schema: {
      fields: [
        field('kommunekode', 'Kommunekode', 'Municipality code'),
        field('borger_id', 'Pseudonym', 'Pseudonym'),
        field('cpr', 'Cpr-nummer', 'CPR number'),
      ],
      primaryKey: ['kommunekode', 'borger_id'],
    },
  };
}
