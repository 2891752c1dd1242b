// Orders a package. The same content is one package for everybody with the same right: who orders it again gets the one that is there.
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { writeAudit } from '../../access/index.ts';
import type { Domain } from '../../domains/definition.ts';
import type { Catalogue } from '../../domains/index.ts';
import { INVALID_REQUEST } from '../../platform/http/errors.ts';
import { Problem } from '../../platform/http/problem.ts';
import { readTime } from '../../platform/http/wire-forms.ts';
import { type Tenant, type TenantTx, withTenant } from '../../platform/postgres/tenancy.ts';
import type { JobSender } from '../../platform/queue/queue.ts';
import { latestRevision, readRevision, readSlicePairs, revisionAt } from '../../slices/index.ts';
import { type RememberedAnswer, rememberAnswer } from '../intake/index.ts';
import { BUILD_PACKAGE } from '../queues.ts';
import {
  DELTA_ACROSS_SCHEMA_CHANGE,
  NOTHING_DELIVERED,
  REVISION_UNDER_EARLIER_SCHEMA,
  UNKNOWN_REVISION,
} from './errors.ts';
import { presentPackage } from './present-package.ts';
import { isDeclared } from './rules.ts';
import { type DataPackage, findPackageOf, insertPackage, type PackageContent, type PackageKind } from './store.ts';

/** What the caller asks for. `asOf` is RFC 3339; without it and `revision` the newest revision is meant. */
export interface PackageRequest {
  readonly domain: string;
  readonly kind: PackageKind;
  readonly since?: number;
  readonly revision?: number;
  readonly asOf?: string;
}

export interface CreateDeps {
  readonly pool: pg.Pool;
  readonly jobs: JobSender;
  readonly catalogue: Catalogue;
}

const OPERATION = 'createPackage';

function checkRequest(catalogue: Catalogue, request: PackageRequest): Domain {
  const faults: { place: string; expected: string }[] = [];
  const domain = catalogue.domain(request.domain);
  if (domain === undefined) {
    faults.push({ place: 'body/domain', expected: `one of ${catalogue.domains.map(({ id }) => id).join(', ')}` });
  }
  if ((request.kind === 'delta') !== (request.since !== undefined)) {
    faults.push({ place: 'body/since', expected: 'a revision with a delta, nothing with a total' });
  }
  if (request.revision !== undefined && request.asOf !== undefined) {
    faults.push({ place: 'body/asOf', expected: 'either revision or asOf, not both' });
  }
  if (domain === undefined || faults.length > 0) throw new Problem(INVALID_REQUEST, undefined, { faults });
  return domain;
}

/**
 * @returns the answer: 201 with a package that is ready, 202 with one that is being built.
 * @throws Problem `invalid-request`, `nothing-delivered`, `unknown-revision`, `delta-across-schema-change`, `revision-under-earlier-schema`
 */
export async function createPackage(
  deps: CreateDeps,
  tenant: Tenant,
  request: PackageRequest,
  idempotencyKey: string | undefined,
): Promise<RememberedAnswer> {
  const domain = checkRequest(deps.catalogue, request);
  return withTenant(deps.pool, tenant, (tx) =>
    rememberAnswer(tx, { operation: OPERATION, key: idempotencyKey, requestBody: request }, async () => {
      const content = await resolveContent(tx, domain, request);
      const { ordered, created } = await findOrOrder(tx, deps, content);
      await writeAudit(tx, OPERATION, { package: ordered.id, ...content, created });
      return {
        status: ordered.state === 'ready' ? 201 : 202,
        location: `/v1/packages/${ordered.id}`,
        body: presentPackage(ordered, tenant.municipality),
      };
    }),
  );
}

async function findOrOrder(tx: TenantTx, deps: CreateDeps, content: PackageContent) {
  const found = await findOrAddPackage(tx, content);
  if (found.created) {
    const { municipality } = tx.tenant;
    const payload = { municipality, domain: content.domain, packageId: found.ordered.id };
    await deps.jobs.send(tx, BUILD_PACKAGE, found.ordered.id, payload);
  }
  return found;
}

/** The package of this content, which may have to be built. Whoever adds it sees to that. */
export async function findOrAddPackage(
  tx: TenantTx,
  content: PackageContent,
): Promise<{ readonly ordered: DataPackage; readonly created: boolean }> {
  const inserted = await insertPackage(tx, randomUUID(), content);
  if (inserted !== undefined) return { ordered: inserted, created: true };
  const existing = await findPackageOf(tx, content);
  // Only if it failed between the two statements; the next request makes a new one.
  if (existing === undefined) throw new Error('the package failed while it was ordered again');
  return { ordered: existing, created: false };
}

/** Settles which revision is meant, and that its tables can be described. */
async function resolveContent(tx: TenantTx, domain: Domain, request: PackageRequest): Promise<PackageContent> {
  const newest = await latestRevision(tx, domain.id);
  const revision =
    request.revision ??
    (request.asOf === undefined ? newest : await revisionAt(tx, domain.id, readTime(request.asOf, 'body/asOf')));
  if (revision === 0) throw new Problem(NOTHING_DELIVERED);
  const since = request.since ?? null;
  if (revision > newest || (since !== null && since > revision))
    throw new Problem(UNKNOWN_REVISION, undefined, { newest });
  if (!isDeclared(domain, await readRevision(tx, domain.id, revision))) {
    throw new Problem(since === null ? REVISION_UNDER_EARLIER_SCHEMA : DELTA_ACROSS_SCHEMA_CHANGE);
  }
  const before = since === null ? [] : await readSlicePairs(tx, domain.id, since, revision);
  if (
    !isDeclared(
      domain,
      before.map(({ from }) => from),
    )
  )
    throw new Problem(DELTA_ACROSS_SCHEMA_CHANGE);
  return { domain: domain.id, kind: request.kind, revision, since };
}
