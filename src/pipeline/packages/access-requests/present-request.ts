// An access request and its answer as they go over the wire. Pure. No part of it names the person.
import type { Static } from 'typebox';
import type { LoggedTransfer } from '../../../access/index.ts';
import type { DataLine, PackageLine } from './rules.ts';
import type { answerSchema, requestSchema } from './schemas.ts';
import type { AccessRequest } from './store.ts';

export type Answer = Static<typeof answerSchema>;

/** What a search has found. */
export interface Findings {
  readonly since: Date;
  readonly data: readonly DataLine[];
  readonly unsearched: readonly string[];
  readonly packages: readonly (PackageLine & { readonly transfers: readonly LoggedTransfer[] })[];
}

export function presentAnswer({ since, data, unsearched, packages }: Findings): Answer {
  return {
    since: since.toISOString(),
    data: data.map(({ from, until, ...line }) => ({
      ...line,
      ...{ from: from.toISOString(), until: until?.toISOString() ?? null },
    })),
    unsearched: [...unsearched],
    packages: packages.map(({ createdAt, files, transfers, ...line }) => ({
      ...{ ...line, createdAt: createdAt.toISOString(), files: [...files] },
      transfers: transfers.map(({ packageId: _, at, endedAt, ...transfer }) => ({
        ...{ ...transfer, at: at.toISOString(), endedAt: endedAt?.toISOString() ?? null },
      })),
    })),
  };
}

export function presentRequest(
  { id, state, createdAt, answeredAt, expiresAt }: AccessRequest,
  answer: Answer | null,
): Static<typeof requestSchema> {
  return {
    ...{ id, state, createdAt: createdAt.toISOString(), answeredAt: answeredAt?.toISOString() ?? null },
    ...{ expiresAt: expiresAt.toISOString(), answer },
  };
}
