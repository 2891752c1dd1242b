// What a mandate is, and what is left of rights under one. Pure.
import type { Scope } from '../scopes.ts';

/** proposed: waits for the municipality · active: in force · expired: its last day is over · ended: by either side, or declined. */
export const MANDATE_STATUSES = ['proposed', 'active', 'expired', 'ended'] as const;
export type MandateStatus = (typeof MANDATE_STATUSES)[number];

/** Proposals of one vendor that may wait for one municipality. */
export const MOST_PROPOSALS = 10;

/** What can be read, delivered or changed: scopes, and domains (null: every one). */
export interface Rights {
  readonly scopes: readonly Scope[];
  readonly domains: readonly string[] | null;
}

/** @returns what both allow. */
export function commonRights(a: Rights, b: Rights): Rights {
  const scopes = a.scopes.filter((scope) => b.scopes.includes(scope));
  const { domains } = b;
  if (domains === null) return { scopes, domains: a.domains };
  return { scopes, domains: a.domains === null ? domains : a.domains.filter((each) => domains.includes(each)) };
}
