// The scopes of the service: what a token can allow, in one list.

/** Every scope a token can carry, with what it allows. */
export const SCOPES = {
  'key-figures:read': 'Read released key figures of every municipality.',
  'raw-data:read': 'Read the own municipality’s revisions, raw-data packages and newest key-figure values.',
  'source:write': 'Make source deliveries for the own municipality.',
  'source:read': 'See the own municipality’s source deliveries and their findings.',
  'revision:restore': 'Bring back an earlier revision of the own municipality’s data.',
  'cpr:read': 'Read CPR numbers of the own municipality’s packages, in addition to raw-data:read.',
  'clients:manage': 'Administer the own municipality’s clients, their public keys and access keys.',
  'mandates:manage': 'Approve and end the mandates that vendors have on the own municipality’s data.',
  'mandates:propose': 'Propose mandates to municipalities, and end the own ones: of vendors alone.',
  'subscriptions:read': 'See the own municipality’s subscriptions and what they cost.',
  'subscriptions:manage':
    'Propose, agree to, change and end the own municipality’s subscriptions, under a mandate: propose; make and revoke calendar feeds.',
  'audit:read': 'Read the own municipality’s audit log: who fetched what, when and why.',
  'access-requests:answer':
    'Search the own municipality’s data and log for one citizen, to answer a request for access (GDPR art. 15).',
  'events:read': 'Read the own municipality’s events: what happened, as ids and counts.',
  'webhooks:manage': 'Administer the addresses to which the own municipality’s events are sent.',
  operator: 'Operate the service: publish releases, register clients.',
} as const satisfies Record<string, string>;

/** A scope of a token. */
export type Scope = keyof typeof SCOPES;

/** What a route asks for: a scope, any valid credential, or nothing at all. */
export type RouteScope = Scope | 'any' | 'public';

/** What opens a route: what it asks for, or the secret in its own address (secret-address.ts), which opens nothing else. */
export type OpenedBy = RouteScope | 'address';

/** Whether `text` is a scope that this service knows. */
export function isScope(text: string): text is Scope {
  return Object.hasOwn(SCOPES, text);
}
