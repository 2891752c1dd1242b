// What a token for a client can carry at the most: a municipality's own rights, or for a vendor what a mandate leaves of its rights.
import type pg from 'pg';
import { Problem } from '../../platform/http/problem.ts';
import { withTenant } from '../../platform/postgres/tenancy.ts';
import { type MunicipalityCode, municipalityCodeOf, OPERATOR_CODE } from '../../platform/tenant.ts';
import type { Client } from '../clients/index.ts';
import { commonRights, listActiveMandates, type Rights } from '../mandates/index.ts';
import { AMBIGUOUS_MANDATE, UNAUTHORIZED_CLIENT } from './errors.ts';
import type { TokenRequest } from './rules.ts';

export interface Grant extends Rights {
  /** Absent: of no municipality. */
  readonly municipality?: MunicipalityCode;
  readonly mandate?: string;
  /** When the mandate is over. */
  readonly endsAt?: Date;
}

/** @throws Problem `unauthorized-client` where nothing lets the client work for the municipality, `ambiguous-mandate` where several mandates do */
export async function grantFor(
  pool: pg.Pool,
  requestId: string,
  client: Client,
  owner: MunicipalityCode,
  { municipality, mandate }: TokenRequest,
): Promise<Grant> {
  if (client.kind === 'vendor') {
    return municipality === undefined
      ? proposing(client)
      : underMandate(pool, requestId, client, municipalityCodeOf(municipality), mandate);
  }
  const { scopes, domains } = client;
  const own = owner === OPERATOR_CODE ? undefined : owner;
  if (mandate !== undefined || (municipality !== undefined && municipality !== own)) {
    throw new Problem(UNAUTHORIZED_CLIENT);
  }
  return { scopes, domains, ...(own === undefined ? {} : { municipality: own }) };
}

/** A vendor that names no municipality can ask for mandates and nothing else. */
function proposing({ scopes }: Client): Grant {
  if (!scopes.includes('mandates:propose')) throw new Problem(UNAUTHORIZED_CLIENT);
  return { scopes: ['mandates:propose'], domains: null };
}

async function underMandate(
  pool: pg.Pool,
  requestId: string,
  client: Client,
  municipality: MunicipalityCode,
  wanted: string | undefined,
): Promise<Grant> {
  const { clientId } = client;
  const tenant = { municipality, domains: null, clientId, requestId };
  const active = await withTenant(pool, tenant, (tx) => listActiveMandates(tx, clientId), { readOnly: true });
  const [mandate, another] = wanted === undefined ? active : active.filter(({ mandateId }) => mandateId === wanted);
  if (mandate === undefined) throw new Problem(UNAUTHORIZED_CLIENT);
  if (another !== undefined) throw new Problem(AMBIGUOUS_MANDATE);
  const { mandateId, endsAt } = mandate;
  const scopes = client.scopes.filter((scope) => scope !== 'mandates:propose');
  return { ...commonRights({ ...client, scopes }, mandate), municipality, mandate: mandateId, endsAt };
}
