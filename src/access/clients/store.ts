// PostgreSQL of the register of clients. A transaction sees the clients of one municipality, or (code 000) those that belong to none.
import type { JWK } from 'jose';
import type { TenantTx } from '../../platform/postgres/tenancy.ts';
import type { Scope } from '../scopes.ts';
import type { RegisteredKey } from './check-keys.ts';
import type { ClientKind } from './rules.ts';

export interface Client {
  readonly clientId: string;
  readonly kind: ClientKind;
  readonly name: string;
  readonly contact: string;
  readonly scopes: readonly Scope[];
  /** Null: every domain. */
  readonly domains: readonly string[] | null;
  readonly status: 'active' | 'disabled';
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly changedAt: Date;
  readonly keys: readonly JWK[];
}

/** What of a client can be changed. */
export type ClientChange = Partial<Pick<Client, 'name' | 'contact' | 'scopes' | 'domains' | 'status'>>;

const COLUMNS = `c.client_id as "clientId", c.kind, c.name, c.contact, c.scopes, c.domains, c.status,
  c.created_at as "createdAt", c.created_by as "createdBy", c.changed_at as "changedAt",
  coalesce((select jsonb_agg(k.jwk order by k.added_at, k.key_id) from client_key k
    where k.municipality_code = c.municipality_code and k.client_id = c.client_id), '[]') as keys`;

export async function insertClient(
  tx: TenantTx,
  client: Pick<Client, 'clientId' | 'kind' | 'name' | 'contact' | 'scopes' | 'domains'>,
): Promise<void> {
  const { clientId, kind, name, contact, scopes, domains } = client;
  await tx.query(
    `insert into client (municipality_code, client_id, kind, name, contact, scopes, domains, status, created_by)
     values ($1, $2, $3, $4, $5, $6, $7, 'active', $8)`,
    [tx.tenant.municipality, clientId, kind, name, contact, scopes, domains, tx.tenant.clientId],
  );
}

export async function findClient(tx: TenantTx, clientId: string): Promise<Client | undefined> {
  const [client] = await tx.query<Client>(
    `select ${COLUMNS} from client c where c.municipality_code = $1 and c.client_id = $2`,
    [tx.tenant.municipality, clientId],
  );
  return client;
}

/** Until the transaction ends, nobody changes the client, if it is one of the municipality's own. */
export async function holdClient(tx: TenantTx, clientId: string): Promise<boolean> {
  const [held] = await tx.query<{ holds: boolean }>(
    `select status = 'active' as holds from client where municipality_code = $1 and client_id = $2 for share`,
    [tx.tenant.municipality, clientId],
  );
  return held?.holds ?? true;
}

/** Clients by id, after `after`. */
export function listClients(tx: TenantTx, after: string, limit: number): Promise<Client[]> {
  return tx.query<Client>(
    `select ${COLUMNS} from client c where c.municipality_code = $1 and c.client_id > $2 order by c.client_id limit $3`,
    [tx.tenant.municipality, after, limit],
  );
}

/** Changes what `change` names. Absent members stay; `domains: null` means every domain. @returns whether there is such a client */
export async function updateClient(tx: TenantTx, clientId: string, change: ClientChange): Promise<boolean> {
  const { name, contact, scopes, status, domains } = change;
  const rows = await tx.query(
    `update client set name = coalesce($3, name), contact = coalesce($4, contact), scopes = coalesce($5, scopes),
       status = coalesce($6, status), domains = case when $7 then $8 else domains end, changed_at = now()
     where municipality_code = $1 and client_id = $2 returning client_id`,
    [
      tx.tenant.municipality,
      clientId,
      name ?? null,
      contact ?? null,
      scopes ?? null,
      status ?? null,
      domains !== undefined,
      domains ?? null,
    ],
  );
  return rows.length === 1;
}

/** Puts `keys` in the place of all that the client has. */
export async function replaceKeys(tx: TenantTx, clientId: string, keys: readonly RegisteredKey[]): Promise<void> {
  const { municipality } = tx.tenant;
  const kept = keys.map(({ keyId }) => keyId);
  await tx.query('delete from client_key where municipality_code = $1 and client_id = $2', [municipality, clientId]);
  await tx.query(
    `insert into client_key (municipality_code, client_id, key_id, jwk)
     select $1, $2, k.key_id, k.jwk from unnest($3::text[], $4::jsonb[]) as k(key_id, jwk)`,
    [municipality, clientId, kept, keys.map(({ jwk }) => JSON.stringify(jwk))],
  );
}
