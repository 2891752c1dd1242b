// Answers a citizen's access request: where the person's rows were and are, which packages contain them, and to whom those went. What holds is read in one
// snapshot, files are searched outside of any transaction, and ONE transaction keeps the answer and forgets the person. Safe to kill and to repeat.
import type pg from 'pg';
import { listTransferred, listTransfers, writeAudit } from '../../../access/index.ts';
import type { DuckDbPool } from '../../../platform/duckdb/pool.ts';
import { type Tenant, type TenantTx, withTenant } from '../../../platform/postgres/tenancy.ts';
import { seal, unseal } from '../../../platform/sealed.ts';
import { findPerson, type SearchDeps } from './find-person.ts';
import { presentAnswer } from './present-request.ts';
import { holdsPerson, type PackagePart, personTablesOf, sumHeld, sumPackages } from './rules.ts';
import { ANSWER, MONTHS, PERSON, sealedName } from './rules-sealing.ts';
import { findOrder, keepAnswer } from './store.ts';
import { listHeld, listParts, listReady, listSlicesOf } from './store-holdings.ts';

export interface CompleteDeps extends SearchDeps {
  readonly pool: pg.Pool;
  readonly duckdb: DuckDbPool;
  readonly secrets: { readonly rootSecret: Uint8Array };
}

/** The job. An aborted `signal` keeps no answer. */
export async function completeRequest(
  deps: CompleteDeps,
  tenant: Tenant,
  requestId: string,
  signal: AbortSignal,
): Promise<void> {
  const { pool, secrets } = deps;
  const readOnly = { readOnly: true, repeatableRead: true };
  const order = await withTenant(pool, tenant, (tx) => findOrder(tx, requestId, MONTHS), readOnly);
  if (order === undefined) return;
  const { domains, since } = order;
  const name = sealedName(tenant.municipality, requestId);
  const pseudonym = unseal(secrets.rootSecret, PERSON, name, order.person).toString();
  // As the caller would see it: what is in no domain of theirs is not searched.
  const asCaller = { ...tenant, domains };
  const { held, slices, parts } = await withTenant(pool, asCaller, (tx) => readHoldings(tx, since), readOnly);
  const deltas = parts.filter(({ kind }) => kind === 'delta');
  const found = await deps.duckdb.run((duck) => findPerson(deps, duck, slices, deltas, pseudonym), signal);
  const packages = sumPackages(parts, found.rows);
  const ids = packages.map(({ id }) => id);
  const transfers = await withTenant(pool, asCaller, (tx) => listTransfers(tx, ids, since), readOnly);
  const answer = presentAnswer({
    since,
    data: sumHeld(held, found.rows, personTablesOf(deps.catalogue.domains)),
    unsearched: found.unsearched,
    packages: packages.map((line) => ({
      ...line,
      transfers: transfers.filter((each) => each.packageId === line.id && holdsPerson(line, each)),
    })),
  });
  const sealed = seal(secrets.rootSecret, ANSWER, name, Buffer.from(JSON.stringify(answer)));
  await withTenant(pool, tenant, async (tx) => {
    if (await keepAnswer(tx, requestId, sealed))
      await writeAudit(tx, 'answerAccessRequest', { accessRequest: requestId });
    signal.throwIfAborted();
  });
}

/** What was held, the packages that were made or fetched since then, and the slices of both. */
async function readHoldings(tx: TenantTx, since: Date) {
  const held = await listHeld(tx, since);
  const ready = await listReady(tx, since);
  const older = ready.filter(({ isRecent }) => !isRecent).map(({ id }) => id);
  const fetched = await listTransferred(tx, older, since);
  const wanted = ready.filter(({ id, isRecent }) => isRecent || fetched.has(id)).map(({ id }) => id);
  const parts = await listParts(tx, wanted);
  const known = new Map(held.map((slice) => [slice.parquetKey, slice]));
  const heldKeys = new Set(held.map(({ segmentKey }) => segmentKey));
  const others = await listSlicesOf(tx, segmentsBeyond(parts, heldKeys));
  return { held, parts, slices: [...known.values(), ...others] };
}

/** Totals of revisions that were not held any more hold slices of their own. */
function segmentsBeyond(parts: readonly PackagePart[], held: ReadonlySet<string>): string[] {
  const keys = parts.filter(({ kind }) => kind === 'total').flatMap(({ segments }) => segments.map(({ key }) => key));
  return [...new Set(keys)].filter((key) => !held.has(key));
}
