// PostgreSQL of mandates. A municipality's transaction sees its own; a vendor's, which runs for no municipality, those that name it. Days are Danish, and
// the time is the database's.
import type { ClientTx, TenantTx } from '../../platform/postgres/tenancy.ts';
import type { AuditObject } from '../audit/index.ts';
import type { Scope } from '../scopes.ts';
import type { MandateStatus } from './rules.ts';

export interface Mandate {
  readonly mandateId: string;
  readonly municipality: string;
  readonly clientId: string;
  readonly vendor: string;
  readonly contact: string;
  readonly domains: readonly string[];
  readonly scopes: readonly Scope[];
  readonly purpose: string;
  /** The last day, `YYYY-MM-DD`. */
  readonly endsOn: string;
  /** The end of that day. */
  readonly endsAt: Date;
  readonly status: MandateStatus;
  readonly proposedAt: Date;
  readonly approvedAt: Date | null;
  readonly approvedBy: string | null;
  readonly endedAt: Date | null;
  readonly endedBy: string | null;
}

export type Proposal = Pick<
  Mandate,
  'mandateId' | 'municipality' | 'vendor' | 'contact' | 'domains' | 'scopes' | 'purpose' | 'endsOn'
>;

/** Of either party. */
type PartyTx = TenantTx | ClientTx;

const TIME_ZONE = 'Europe/Copenhagen';
const ENDS_AT = `((ends_on + 1)::timestamp at time zone '${TIME_ZONE}')`;
const STATUS = `case when ended_at is not null then 'ended' when ${ENDS_AT} <= now() then 'expired'
  when approved_at is null then 'proposed' else 'active' end`;
const COLUMNS = `mandate_id as "mandateId", municipality_code as municipality, client_id as "clientId", vendor, contact, domains, scopes, purpose,
  ends_on as "endsOn", ${ENDS_AT} as "endsAt", ${STATUS} as status, proposed_at as "proposedAt", approved_at as "approvedAt",
  approved_by as "approvedBy", ended_at as "endedAt", ended_by as "endedBy"`;

/** @returns whether the day is one that a mandate may end on; if not, nothing was added */
export async function insertProposal(tx: ClientTx, proposal: Proposal): Promise<boolean> {
  const { mandateId, municipality, vendor, contact, domains, scopes, purpose, endsOn } = proposal;
  const rows = await tx.query(
    `insert into mandate (municipality_code, mandate_id, client_id, vendor, contact, domains, scopes, purpose, ends_on)
     select $1, $2, $3, $4, $5, $6, $7, $8, $9::date
     where $9::date between (now() at time zone '${TIME_ZONE}')::date and ((now() at time zone '${TIME_ZONE}')::date + interval '5 years')
     returning mandate_id`,
    [municipality, mandateId, tx.client.clientId, vendor, contact, domains, scopes, purpose, endsOn],
  );
  return rows.length === 1;
}

/** Until the transaction ends, the vendor makes no other proposal to the municipality. @returns how many wait for an answer */
export async function countProposals(tx: ClientTx, municipality: string): Promise<number> {
  const { clientId } = tx.client;
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 5))', [`${clientId}/${municipality}`]);
  const [counted] = await tx.query<{ count: number }>(
    `select count(*) as count from mandate where client_id = $1 and municipality_code = $2 and (${STATUS}) = 'proposed'`,
    [clientId, municipality],
  );
  return counted?.count ?? 0;
}

export async function findMandate(tx: PartyTx, mandateId: string): Promise<Mandate | undefined> {
  const [mandate] = await tx.query<Mandate>(`select ${COLUMNS} from mandate where mandate_id = $1`, [mandateId]);
  return mandate;
}

/** Until the transaction ends, nobody ends the mandate. @returns whether it holds */
export async function holdMandate(tx: TenantTx, mandateId: string): Promise<boolean> {
  const [held] = await tx.query<{ holds: boolean }>(
    `select (${STATUS}) = 'active' as holds from mandate where municipality_code = $1 and mandate_id = $2 for share`,
    [tx.tenant.municipality, mandateId],
  );
  return held?.holds ?? false;
}

const MICROSECONDS = '(extract(epoch from proposed_at) * 1000000)::bigint';

/** Mandates, newest first, after the one proposed at `after` (microseconds since 1970, and its id). */
export function listMandates(
  tx: PartyTx,
  status: MandateStatus | undefined,
  after: readonly [microseconds: string, mandateId: string] | undefined,
  limit: number,
): Promise<(Mandate & { readonly position: string })[]> {
  return tx.query(
    `select ${COLUMNS}, ${MICROSECONDS}::text as position from mandate
     where ($1::text is null or (${STATUS}) = $1)
       and ($2::bigint is null or (${MICROSECONDS}, mandate_id) < ($2::bigint, $3::uuid))
     order by proposed_at desc, mandate_id desc limit $4`,
    [status, after?.[0], after?.[1], limit],
  );
}

/** Mandates of a vendor in force for the municipality of the transaction. */
export function listActiveMandates(tx: TenantTx, clientId: string): Promise<Mandate[]> {
  return tx.query<Mandate>(
    `select ${COLUMNS} from mandate where municipality_code = $1 and client_id = $2 and (${STATUS}) = 'active' order by mandate_id`,
    [tx.tenant.municipality, clientId],
  );
}

/** @returns the mandate, now in force; undefined when it was not an open proposal */
export async function markApproved(tx: TenantTx, mandateId: string): Promise<Mandate | undefined> {
  const [mandate] = await tx.query<Mandate>(
    `update mandate set approved_at = now(), approved_by = $3
     where municipality_code = $1 and mandate_id = $2 and (${STATUS}) = 'proposed' returning ${COLUMNS}`,
    [tx.tenant.municipality, mandateId, tx.tenant.clientId],
  );
  return mandate;
}

/** @returns the mandate, now ended; undefined when it was over already */
export async function markEnded(tx: PartyTx, mandateId: string, by: string): Promise<Mandate | undefined> {
  const [mandate] = await tx.query<Mandate>(
    `update mandate set ended_at = now(), ended_by = $2
     where mandate_id = $1 and (${STATUS}) in ('proposed', 'active') returning ${COLUMNS}`,
    [mandateId, by],
  );
  return mandate;
}

/** Adds a row to the municipality's log in the name of the vendor, who can read none of it. */
export async function writeVendorAudit(
  tx: ClientTx,
  municipality: string,
  operation: string,
  object: AuditObject,
): Promise<void> {
  const { clientId, requestId } = tx.client;
  await tx.query(
    `insert into audit_entry (municipality_code, client_id, request_id, operation, object, mandate_id) values ($1, $2, $3, $4, $5, $6)`,
    [municipality, clientId, requestId, operation, JSON.stringify(object), object.mandate],
  );
}
