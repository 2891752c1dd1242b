// What a client is: its kinds, the scopes that each kind can have, and the form of its id. Pure.
import { randomBytes } from 'node:crypto';
import { type MunicipalityCode, municipalityCodeOf, OPERATOR_CODE } from '../../platform/tenant.ts';
import { SCOPES, type Scope } from '../scopes.ts';

/** municipality: a municipality's own system · source: one that delivers its data · vendor: acts under mandates · operator: runs the service. */
export const CLIENT_KINDS = ['municipality', 'source', 'vendor', 'operator'] as const;
export type ClientKind = (typeof CLIENT_KINDS)[number];

/** Whether `text` is a kind of client. */
export function isClientKind(text: string): text is ClientKind {
  return (CLIENT_KINDS as readonly string[]).includes(text);
}

const NOT_MUNICIPAL: readonly Scope[] = ['operator', 'mandates:propose'];
const READING: readonly Scope[] = ['key-figures:read', 'raw-data:read', 'cpr:read', 'events:read'];
const DELIVERING: readonly Scope[] = ['source:write', 'source:read'];

const SUBSCRIBING: readonly Scope[] = ['subscriptions:read', 'subscriptions:manage'];

/** What a vendor may do under a mandate. */
export const VENDOR_SCOPES: readonly Scope[] = [...READING, ...DELIVERING, ...SUBSCRIBING];

const ALLOWED: Record<ClientKind, readonly Scope[]> = {
  municipality: (Object.keys(SCOPES) as Scope[]).filter((scope) => !NOT_MUNICIPAL.includes(scope)),
  source: DELIVERING,
  vendor: [...VENDOR_SCOPES, 'mandates:propose'],
  operator: ['operator', 'key-figures:read'],
};

/** @returns those of `scopes` that a client of the kind cannot have. */
export function refusedScopes(kind: ClientKind, scopes: readonly Scope[]): Scope[] {
  return scopes.filter((scope) => !ALLOWED[kind].includes(scope));
}

/** Whether clients of this kind belong to a municipality; the others are the operator's to administer. */
export function isMunicipal(kind: ClientKind): boolean {
  return kind === 'municipality' || kind === 'source';
}

/** Crockford's letters in lower case: none is taken for another when it is read out. */
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';
const ID_LENGTH = 16;

/** 80 random bits as 16 characters. */
export function randomId(): string {
  return [...randomBytes(ID_LENGTH)].map((byte) => LETTERS[byte % LETTERS.length]).join('');
}

export const CLIENT_ID_PATTERN = `^[0-9]{3}\\.[${LETTERS}]{${ID_LENGTH}}$`;

/** `615.` and 16 random characters. */
export function newClientId(owner: MunicipalityCode): string {
  return `${owner}.${randomId()}`;
}

/** The code under which the client's row is kept. @returns undefined for what is no client id of this service */
export function ownerOf(clientId: string): MunicipalityCode | undefined {
  return new RegExp(CLIENT_ID_PATTERN).test(clientId) ? municipalityCodeOf(clientId.slice(0, 3)) : undefined;
}

/** Who administers clients of a kind: the municipality named, or the operator. @returns undefined when kind and municipality do not go together */
export function ownerFor(kind: ClientKind, municipality: MunicipalityCode | undefined): MunicipalityCode | undefined {
  if (isMunicipal(kind)) return municipality;
  return municipality === undefined ? OPERATOR_CODE : undefined;
}
