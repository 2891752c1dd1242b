// PostgreSQL of access keys. A transaction sees the keys of one municipality; the text of a key is nowhere, only its digest.
import type { SystemTx, TenantTx } from '../../platform/postgres/tenancy.ts';
import type { Scope } from '../scopes.ts';
import { NOTICE_DAYS } from './rules.ts';

export interface AccessKey {
  readonly accessKeyId: string;
  readonly clientId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Null: every domain. */
  readonly domains: readonly string[] | null;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
}

/** An access key as authentication needs it. `isLive`: neither it nor its client has ended. */
export interface PresentedKey extends Pick<AccessKey, 'clientId' | 'scopes' | 'domains' | 'expiresAt'> {
  readonly sha256: Buffer;
  readonly clientScopes: readonly Scope[];
  readonly clientDomains: readonly string[] | null;
  readonly isLive: boolean;
}

const COLUMNS = `access_key_id as "accessKeyId", client_id as "clientId", name, scopes, domains, created_at as "createdAt",
  created_by as "createdBy", expires_at as "expiresAt", revoked_at as "revokedAt", last_used_at as "lastUsedAt"`;

export async function insertAccessKey(
  tx: TenantTx,
  key: Pick<AccessKey, 'accessKeyId' | 'clientId' | 'name' | 'scopes' | 'domains' | 'expiresAt'> & { sha256: Buffer },
): Promise<void> {
  const { accessKeyId, clientId, name, sha256, scopes, domains, expiresAt } = key;
  await tx.query(
    `insert into access_key (municipality_code, access_key_id, client_id, name, sha256, scopes, domains, expires_at, created_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [tx.tenant.municipality, accessKeyId, clientId, name, sha256, scopes, domains, expiresAt, tx.tenant.clientId],
  );
}

/** Locks the client's row, so that two keys made at once are counted one after the other. @returns how many of its keys work */
export async function countWorkingKeys(tx: TenantTx, clientId: string): Promise<number> {
  const values = [tx.tenant.municipality, clientId];
  await tx.query('select 1 from client where municipality_code = $1 and client_id = $2 for update', values);
  const [found] = await tx.query<{ count: number }>(
    `select count(*)::int as count from access_key
     where municipality_code = $1 and client_id = $2 and revoked_at is null and expires_at > now()`,
    values,
  );
  return found?.count ?? 0;
}

export async function findAccessKey(tx: TenantTx, accessKeyId: string): Promise<AccessKey | undefined> {
  const [key] = await tx.query<AccessKey>(
    `select ${COLUMNS} from access_key where municipality_code = $1 and access_key_id = $2`,
    [tx.tenant.municipality, accessKeyId],
  );
  return key;
}

/** Keys by id, after `after`. */
export function listAccessKeys(tx: TenantTx, after: string, limit: number): Promise<AccessKey[]> {
  return tx.query<AccessKey>(
    `select ${COLUMNS} from access_key where municipality_code = $1 and access_key_id > $2 order by access_key_id limit $3`,
    [tx.tenant.municipality, after, limit],
  );
}

/** Ends a key; one that has ended keeps its time. */
export async function revokeKey(tx: TenantTx, accessKeyId: string): Promise<void> {
  await tx.query(
    `update access_key set revoked_at = coalesce(revoked_at, now()) where municipality_code = $1 and access_key_id = $2`,
    [tx.tenant.municipality, accessKeyId],
  );
}

export interface EndingKey extends Pick<AccessKey, 'accessKeyId' | 'clientId' | 'expiresAt'> {
  readonly municipality: string;
  readonly noticed: number | null;
}

/** Keys of all municipalities that work and end within the longest notice, of clients that are active. */
export function listEndingKeys(tx: SystemTx): Promise<EndingKey[]> {
  return tx.query<EndingKey>(
    `select k.municipality_code as municipality, k.access_key_id as "accessKeyId", k.client_id as "clientId",
       k.expires_at as "expiresAt", k.noticed
     from access_key k join client c on c.municipality_code = k.municipality_code and c.client_id = k.client_id
     where k.revoked_at is null and c.status = 'active' and k.expires_at between now() and now() + make_interval(days => $1)
     order by 1, 2`,
    [NOTICE_DAYS[0]],
  );
}

/** @returns whether this notice had not been given before */
export async function markNoticed(tx: TenantTx, accessKeyId: string, days: number): Promise<boolean> {
  const rows = await tx.query(
    `update access_key set noticed = $3 where municipality_code = $1 and access_key_id = $2 and (noticed is null or noticed > $3)
     returning noticed`,
    [tx.tenant.municipality, accessKeyId, days],
  );
  return rows.length === 1;
}

/** What authentication needs of a presented key. */
export async function findPresentedKey(tx: TenantTx, accessKeyId: string): Promise<PresentedKey | undefined> {
  const [key] = await tx.query<PresentedKey>(
    `select k.client_id as "clientId", k.scopes, k.domains, k.expires_at as "expiresAt", k.sha256, c.scopes as "clientScopes",
       c.domains as "clientDomains", (k.revoked_at is null and k.expires_at > now() and c.status = 'active') as "isLive"
     from access_key k join client c on c.municipality_code = k.municipality_code and c.client_id = k.client_id
     where k.municipality_code = $1 and k.access_key_id = $2`,
    [tx.tenant.municipality, accessKeyId],
  );
  return key;
}

/** Notes a use, at most once a minute: the row would otherwise be written with every request. */
export async function noteUse(tx: TenantTx, accessKeyId: string): Promise<void> {
  await tx.query(
    `update access_key set last_used_at = now()
     where municipality_code = $1 and access_key_id = $2 and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
    [tx.tenant.municipality, accessKeyId],
  );
}
