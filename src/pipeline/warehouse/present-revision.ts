// Revisions as they go over the wire.
import type { HeldSlice } from '../../slices/index.ts';
import type { Revision } from './store.ts';

/** The body of a revision. */
export function presentRevision(revision: Revision) {
  return { ...revision, createdAt: revision.createdAt.toISOString() };
}

/** The slices of a revision, by table. */
export function presentTables(slices: readonly HeldSlice[]) {
  const names = [...new Set(slices.map(({ table }) => table))];
  return names.map((name) => {
    const own = slices.filter(({ table }) => table === name);
    return {
      table: name,
      rows: own.reduce((sum, { rows }) => sum + rows, 0),
      slices: own.map(({ period, rows, sha256, revision }) => ({ period, rows, sha256, since: revision })),
    };
  });
}
