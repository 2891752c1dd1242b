// Prepares a delivery: settles its revision, builds the package, adds its tables up, signs the manifest, and makes it ready in ONE transaction. Safe to kill
// and to repeat: what is ready is left alone, and what was settled stays settled, so that two who prepare it prepare the same.
import type { Domain } from '../../../domains/definition.ts';
import { appendEvent } from '../../../events/index.ts';
import { type Tenant, type TenantTx, withTenant } from '../../../platform/postgres/tenancy.ts';
import { machineClock } from '../../../platform/time/steady-clock.ts';
import { latestRevision, readRevision, readSlicePairs, schemaHashOf } from '../../../slices/index.ts';
import {
  type BuildDeps,
  buildPackage,
  buildParquet,
  type DataPackage,
  findOrAddPackage,
  findPackage,
  findRevisionTime,
  isDeclared,
  keepPackage,
  listFiles,
  SchemaChanged,
} from '../../packages/index.ts';
import { describeDelivery, describeTables, type Manifest, type SummedSlice } from './describe-delivery.ts';
import { contentFor, isAgreedFile } from './rules.ts';
import { type StatementKey, signStatement } from './sign-statement.ts';
import { type Delivery, findBefore, findDelivery, markBuilding, markReady, wasRejectedSince } from './store.ts';
import { sumSlices } from './store-duckdb.ts';
import { insertDeliveryFiles } from './store-files.ts';
import { findTotals, insertTotals } from './store-totals.ts';

export interface PrepareDeps extends BuildDeps {
  readonly statementKey: StatementKey;
  /** Who vouches: the public origin of the service. */
  readonly issuer: string;
  readonly clock: () => Date;
}

/** A delivery that has its package, built or not. */
interface Settled {
  readonly delivery: Delivery;
  readonly ordered: DataPackage;
}

/** The job. An aborted `signal` publishes nothing. */
export async function prepareDelivery(
  deps: PrepareDeps,
  tenant: Tenant,
  deliveryId: string,
  signal: AbortSignal,
): Promise<void> {
  const settled = await withTenant(deps.pool, tenant, (tx) => settle(tx, deps, deliveryId));
  if (settled === undefined) return;
  const { delivery, ordered } = settled;
  await buildPackage(deps, tenant, ordered.id, signal);
  if (delivery.formats.includes('parquet')) {
    for (const table of delivery.tables) await buildParquet(deps, tenant, ordered.id, table, signal);
  }
  const domain = domainOf(deps, delivery);
  const slices = await sumUp(deps, tenant, domain, delivery, signal);
  const { facts, files } = await withTenant(deps.pool, tenant, (tx) => readFacts(tx, deps, delivery), {
    readOnly: true,
  });
  const manifest: Manifest = describeDelivery(facts, describeTables(domain, delivery.tables, slices), files);
  const signed = await signStatement(deps.statementKey, 'manifest', manifest);
  await withTenant(deps.pool, tenant, async (tx) => {
    // First: a package that is taken back meanwhile is not delivered, and the next try settles on another.
    const at = deps.clock();
    const from = new Date(Math.max(at.getTime(), machineClock.likely().getTime()));
    if (!(await keepPackage(tx, ordered.id, from))) throw new Error('the package of a delivery is not ready');
    if (!(await markReady(tx, deliveryId, ordered.id, signed, at))) return;
    await insertDeliveryFiles(tx, deliveryId, files);
    signal.throwIfAborted();
    const { subscriptionId: subscription, domain, dueOn } = delivery;
    const data = { delivery: deliveryId, subscription, dueOn, files: files.length };
    await appendEvent(tx, { type: 'delivery.ready', domain, data });
  });
}

function domainOf({ catalogue }: PrepareDeps, { domain: id }: Delivery): Domain {
  const domain = catalogue.domain(id);
  if (domain === undefined) throw new Error('a delivery of a domain that is declared no more');
  return domain;
}

/**
 * @returns undefined when there is nothing to prepare: it is ready, or nothing was ever delivered of the domain.
 * @throws SchemaChanged until the data stands under the tables as they are declared now: the manifest names one schema, and it must be that of the files
 */
async function settle(tx: TenantTx, deps: PrepareDeps, id: string): Promise<Settled | undefined> {
  const found = await findDelivery(tx, id, { lock: true });
  if (found === undefined || found.readyAt !== null) return undefined;
  const known = found.packageId === null ? undefined : await findPackage(tx, found.packageId);
  const isSettled = known?.state === 'building' || known?.state === 'ready';
  const revision = isSettled ? known.revision : await latestRevision(tx, found.domain);
  if (revision === 0) return undefined;
  if (!isDeclared(domainOf(deps, found), await readRevision(tx, found.domain, revision))) throw new SchemaChanged();
  if (isSettled) return { delivery: found, ordered: known };
  const before = await findBefore(tx, found);
  const content = contentFor(
    found.agreedKind,
    before,
    await isSameSchema(tx, domainOf(deps, found), before?.revision, revision),
  );
  const { ordered } = await findOrAddPackage(tx, { domain: found.domain, revision, ...content });
  const revisedAt = await findRevisionTime(tx, found.domain, revision);
  if (revisedAt === undefined) throw new Error('a package without its revision');
  const isUnchanged = before?.revision === revision;
  await markBuilding(tx, id, {
    packageId: ordered.id,
    revision,
    epochStart: content.kind === 'delta' && before !== undefined ? before.epochStart : revisedAt,
    unchanged: isUnchanged ? await reasonUnchanged(tx, found.domain, before.readyAt) : null,
  });
  const delivery = await findDelivery(tx, id);
  return delivery && { delivery, ordered };
}

async function reasonUnchanged(tx: TenantTx, domain: string, since: Date): Promise<NonNullable<Delivery['unchanged']>> {
  return (await wasRejectedSince(tx, domain, since)) ? 'source-delivery-rejected' : 'no-new-source-data';
}

/** Whether a delta between the two revisions can be expressed in the tables as they are declared now. */
async function isSameSchema(tx: TenantTx, domain: Domain, since: number | undefined, until: number): Promise<boolean> {
  if (since === undefined) return false;
  const hashes = new Map(domain.tables.map((table) => [table.name, schemaHashOf(table)]));
  const pairs = await readSlicePairs(tx, domain.id, since, until);
  return pairs.every(({ from, to }) =>
    [from, to].every((slice) => slice === null || hashes.get(slice.table) === slice.schemaHash),
  );
}

/** The slices of the agreed tables with their sums; those that nobody has added up before are, and kept. */
async function sumUp(
  deps: PrepareDeps,
  tenant: Tenant,
  domain: Domain,
  { tables, revision }: Delivery,
  signal: AbortSignal,
): Promise<SummedSlice[]> {
  const { slices, known } = await withTenant(
    deps.pool,
    tenant,
    async (tx) => {
      const held = await readRevision(tx, domain.id, revision ?? 0);
      const slices = held.filter(({ table }) => tables.includes(table));
      return { slices, known: await findTotals(tx, slices) };
    },
    { readOnly: true },
  );
  const missing = slices.filter((_, index) => known[index] === undefined);
  const added = missing.length === 0 ? [] : await addUp(deps, domain, missing, signal);
  await withTenant(deps.pool, tenant, (tx) => insertTotals(tx, added));
  const all = new Map(added.map(({ slice, totals }) => [slice, totals]));
  return slices.map((slice, index) => ({ slice, totals: known[index] ?? all.get(slice) ?? {} }));
}

function addUp(
  { duckdb, storage }: PrepareDeps,
  domain: Domain,
  slices: readonly SummedSlice['slice'][],
  signal: AbortSignal,
): Promise<SummedSlice[]> {
  return duckdb.run(async (duck) => {
    const summed: SummedSlice[] = [];
    for (const table of domain.tables) {
      const own = slices.filter((slice) => slice.table === table.name);
      const paths = await Promise.all(own.map(({ parquetKey }) => storage.localPath(parquetKey)));
      const totals = await sumSlices(duck, table, paths);
      summed.push(...own.map((slice, index) => ({ slice, totals: totals[index] ?? {} })));
    }
    return summed;
  }, signal);
}

async function readFacts(tx: TenantTx, { issuer }: PrepareDeps, delivery: Delivery) {
  const made = delivery.packageId === null ? undefined : await findPackage(tx, delivery.packageId);
  if (made?.state !== 'ready') throw new Error('the package of a delivery is not ready');
  const revisedAt = await findRevisionTime(tx, made.domain, made.revision);
  if (revisedAt === undefined) throw new Error('a package without its revision');
  const all = await listFiles(tx, made.id);
  const files = all.filter(({ name }) => isAgreedFile(name, delivery.tables, delivery.formats));
  return { facts: { issuer, municipality: tx.tenant.municipality, delivery, package: made, revisedAt }, files };
}
