// PostgreSQL of packages. Every function runs in the transaction of one municipality.
import type { SystemTx, TenantTx } from '../../platform/postgres/tenancy.ts';
import type { StoredManifest } from './describe-package.ts';
import { type FailureCode, failureCodeOf } from './errors.ts';

export type PackageKind = 'total' | 'delta';
export const PACKAGE_STATES = ['building', 'ready', 'failed', 'revoked', 'expired'] as const;
export type PackageState = (typeof PACKAGE_STATES)[number];

/** A package. `cursor` is its place in a listing. */
export interface DataPackage {
  readonly id: string;
  readonly domain: string;
  readonly kind: PackageKind;
  readonly revision: number;
  readonly since: number | null;
  readonly state: PackageState;
  readonly failure: FailureCode | null;
  readonly createdAt: Date;
  readonly readyAt: Date | null;
  /** Its files can be fetched until then; null before it is ready. */
  readonly keptUntil: Date | null;
  readonly revokedAt: Date | null;
  readonly revocationReason: string | null;
  readonly cursor: string;
}

const PACKAGE = `package_id as id, domain, kind, revision, since, state, failure, created_at as "createdAt", ready_at as "readyAt",
  kept_until as "keptUntil", revoked_at as "revokedAt", revocation_reason as "revocationReason",
  (extract(epoch from created_at) * 1000000)::bigint::text as cursor`;

/** What a package holds: two orders of the same content are one package. */
export type PackageContent = Pick<DataPackage, 'domain' | 'kind' | 'revision' | 'since'>;

/** Adds a package in state `building`. @returns `undefined` when the content has one that is good */
export async function insertPackage(
  tx: TenantTx,
  id: string,
  content: PackageContent,
): Promise<DataPackage | undefined> {
  const { domain, kind, revision, since } = content;
  const [row] = await tx.query<DataPackage>(
    `insert into package (municipality_code, package_id, domain, kind, revision, since, state)
     values ($1, $2, $3, $4, $5, $6, 'building') on conflict do nothing returning ${PACKAGE}`,
    [tx.tenant.municipality, id, domain, kind, revision, since],
  );
  return row;
}

/** @returns the package of this content that is ready or being built. */
export async function findPackageOf(tx: TenantTx, content: PackageContent): Promise<DataPackage | undefined> {
  const [row] = await tx.query<DataPackage>(
    `select ${PACKAGE} from package
      where domain = $1 and kind = $2 and revision = $3 and coalesce(since, -1) = coalesce($4::integer, -1) and state in ('building', 'ready')`,
    [content.domain, content.kind, content.revision, content.since],
  );
  return row;
}

/** @returns the package, with its manifest once it is ready. */
export async function findPackage(
  tx: TenantTx,
  id: string,
): Promise<(DataPackage & { readonly manifest: StoredManifest | null }) | undefined> {
  const [row] = await tx.query<DataPackage & { manifest: StoredManifest | null }>(
    `select ${PACKAGE}, manifest from package where package_id = $1`,
    [id],
  );
  return row;
}

/** Filters of a listing. */
export interface PackageFilter {
  readonly domain: string | undefined;
  readonly kind: PackageKind | undefined;
  readonly state: PackageState | undefined;
}

/** @returns up to `limit` packages, newest first, after the cursor (microseconds since 1970, id). */
export function listPackages(
  tx: TenantTx,
  filter: PackageFilter,
  after: readonly [string, string] | undefined,
  limit: number,
): Promise<DataPackage[]> {
  return tx.query<DataPackage>(
    `select ${PACKAGE} from package
      where ($1::text is null or domain = $1) and ($2::text is null or kind = $2) and ($3::text is null or state = $3)
        and ($4::text is null or (created_at, package_id) < (timestamptz 'epoch' + $4::bigint * interval '1 microsecond', $5::uuid))
      order by created_at desc, package_id desc limit $6`,
    [filter.domain, filter.kind, filter.state, after?.[0], after?.[1], limit],
  );
}

/** When a revision became visible; `undefined` when the municipality has none by that number. */
export async function findRevisionTime(tx: TenantTx, domain: string, revision: number): Promise<Date | undefined> {
  const [row] = await tx.query<{ at: Date }>(
    'select created_at as at from revision where domain = $1 and revision = $2',
    [domain, revision],
  );
  return row?.at;
}

/** For so long the files of a package can be fetched, from when it was ready or was last delivered. */
const KEPT = '13 months';

/**
 * Makes a package that is being built ready, and keeps it from the later of PostgreSQL's time and `likely`, this process's: one may be behind.
 * @returns false when it is not being built (any more)
 */
export async function markReady(tx: TenantTx, id: string, manifest: StoredManifest, likely: Date): Promise<boolean> {
  const rows = await tx.query(
    `update package set state = 'ready', ready_at = now(), kept_until = greatest(now(), $4) + $3::interval, manifest = $2
      where package_id = $1 and state = 'building' returning package_id`,
    [id, JSON.stringify(manifest), KEPT, likely],
  );
  return rows.length === 1;
}

/** Records that a package could not be built, unless it was. */
export async function failPackage(tx: TenantTx, id: string, error: unknown): Promise<void> {
  await tx.query(`update package set state = 'failed', failure = $2 where package_id = $1 and state = 'building'`, [
    id,
    failureCodeOf(error),
  ]);
}

/**
 * Keeps the files of a ready package for as long as a delivery of today needs them. Until the transaction ends, it can be neither revoked nor expire.
 * @returns false when it is not ready (any more)
 */
export async function keepPackage(tx: TenantTx, id: string, now: Date): Promise<boolean> {
  const rows = await tx.query(
    `update package set kept_until = greatest(kept_until, $2::timestamptz + $3::interval)
      where package_id = $1 and state = 'ready' returning package_id`,
    [id, now, KEPT],
  );
  return rows.length === 1;
}

/** Takes a ready package back. @returns its domain; undefined when it is not ready (any more) */
export async function revokePackage(
  tx: TenantTx,
  id: string,
  reason: string,
  now: Date,
): Promise<{ readonly domain: string } | undefined> {
  const [row] = await tx.query<{ domain: string }>(
    `update package set state = 'revoked', revoked_at = $3, revocation_reason = $2
      where package_id = $1 and state = 'ready' returning domain`,
    [id, reason, now],
  );
  return row;
}

/** Packages of all municipalities whose time is over are fetched no more; what is on record of them stays. @returns how many */
export async function expirePackages(tx: SystemTx, now: Date): Promise<number> {
  const rows = await tx.query(
    `update package set state = 'expired' where state in ('ready', 'revoked') and kept_until <= $1 returning package_id`,
    [now],
  );
  return rows.length;
}
