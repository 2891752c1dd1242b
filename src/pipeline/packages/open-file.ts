// Finds a file of a package for a download, and puts the download on record: only what is committed there may leave. What it returns needs no database any
// more: bytes flow from storage alone.
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { AuditObject, Transfer, TransferLog } from '../../access/index.ts';
import type { Catalogue } from '../../domains/index.ts';
import { NOT_FOUND, Problem } from '../../platform/http/problem.ts';
import type { FileAnswer } from '../../platform/http/send-file.ts';
import { type Tenant, type TenantTx, withTenant } from '../../platform/postgres/tenancy.ts';
import type { JobSender } from '../../platform/queue/queue.ts';
import { BUILD_PARQUET } from '../queues.ts';
import { packageName } from './describe-package.ts';
import { PACKAGE_EXPIRED, PACKAGE_FAILED, PACKAGE_NOT_READY, PACKAGE_REVOKED, PARQUET_NOT_READY } from './errors.ts';
import { ARCHIVE, IDENTITY_SCOPE, mayExist, tableOfParquet } from './rules.ts';
import { type DataPackage, findPackage } from './store.ts';
import { findFile, type PackageFile } from './store-files.ts';

export interface OpenFileDeps {
  readonly pool: pg.Pool;
  readonly jobs: JobSender;
  readonly catalogue: Catalogue;
  readonly transfers: TransferLog;
}

/** Which file is asked for, with the scopes of the caller and the operation that the audit log names. */
export interface FileRequest {
  readonly packageId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly operation: string;
  readonly method: string;
  /** Whether it asks for a part of the file. */
  readonly isRange: boolean;
  /** What will be answered with a file of such a length and digest. */
  answerWith(file: Pick<PackageFile, 'bytes' | 'sha256'>): FileAnswer;
}

/** A file and the name under which it is saved. How the sending ends must be told to `transfer`. */
export interface OpenedFile {
  readonly file: PackageFile;
  readonly fileName: string;
  readonly transfer: Transfer;
}

/** How long a request waits for a Parquet file that is made on first demand, and how often it looks. */
const PATIENCE_MS = 20_000;
const LOOK_AGAIN_MS = 200;
const RETRY_AFTER = { 'retry-after': '2' };

/**
 * @returns the file; a Parquet file that nobody asked for before is ordered and waited for, without holding a connection.
 * @throws Problem `not-found` (also for what the scopes do not show), `package-not-ready`, `package-failed`, `package-revoked`, `package-expired`,
 * `parquet-not-ready`
 */
export async function openFile(deps: OpenFileDeps, tenant: Tenant, request: FileRequest): Promise<OpenedFile> {
  const { operation, packageId, name, isRange } = request;
  const transfer = deps.transfers.begin(tenant, operation, `${packageId}/${name}`, isRange);
  try {
    const opened = await waitForFile(deps, tenant, request, transfer);
    transfer.committed();
    return { ...opened, transfer };
  } catch (error) {
    transfer.ended({ bytes: 0, complete: false });
    throw error;
  }
}

async function waitForFile(
  deps: OpenFileDeps,
  tenant: Tenant,
  request: FileRequest,
  transfer: Transfer,
): Promise<Omit<OpenedFile, 'transfer'>> {
  const deadline = Date.now() + PATIENCE_MS;
  for (let first = true; ; first = false) {
    const opened = await withTenant(deps.pool, tenant, async (tx) => {
      const found = await lookUp(tx, deps, request);
      if (found.file === undefined) {
        if (first) await orderParquet(tx, deps, found.ordered, found.table);
        return undefined;
      }
      const { ordered, file } = found;
      const answer = request.answerWith(file);
      await transfer.record(tx, describe(ordered, file, request, answer), answer.kind === 'bytes');
      return { file, fileName: fileNameOf(ordered, tenant.municipality, file.name) };
    });
    if (opened !== undefined) return opened;
    if (Date.now() >= deadline) throw new Problem(PARQUET_NOT_READY, undefined, {}, RETRY_AFTER);
    await delay(LOOK_AGAIN_MS);
  }
}

/** For the log: the whole file, because ranges that follow belong to the same row; nothing where nothing of it will leave. */
function describe(ordered: DataPackage, file: PackageFile, { method }: FileRequest, answer: FileAnswer): AuditObject {
  const { id, domain, kind, revision } = ordered;
  const { name, scope, rows, bytes } = file;
  const sends = answer.kind === 'bytes';
  return {
    ...{ package: id, domain, kind, revision, file: name, rows: sends ? rows : 0, bytes: sends ? bytes : 0 },
    cpr: scope === IDENTITY_SCOPE,
    ...(sends && answer.range !== undefined ? { range: `${answer.range.start}-${answer.range.end}` } : {}),
    ...(sends ? {} : { method }),
  };
}

type Found =
  | { readonly ordered: DataPackage; readonly file: PackageFile }
  | { readonly ordered: DataPackage; readonly file: undefined; readonly table: string };

async function lookUp(tx: TenantTx, { catalogue }: OpenFileDeps, request: FileRequest): Promise<Found> {
  const { packageId, name, scopes } = request;
  const ordered = await findPackage(tx, packageId);
  // A ready package keeps its tables, whatever is declared by now.
  const declared = ordered?.manifest?.resources ?? catalogue.domain(ordered?.domain ?? '')?.tables ?? [];
  const tables = declared.map((table) => table.name);
  // Before the state: a name that cannot exist for the caller is answered alike whether the package is ready or not.
  if (ordered === undefined || !mayExist(tables, name, scopes)) throw new Problem(NOT_FOUND);
  if (ordered.state === 'building') throw new Problem(PACKAGE_NOT_READY, undefined, {}, RETRY_AFTER);
  if (ordered.state === 'failed') throw new Problem(PACKAGE_FAILED);
  refuseGone(ordered);
  const file = await findFile(tx, packageId, name, scopes);
  if (file !== undefined) return { ordered, file };
  const table = tableOfParquet(tables, name);
  if (table === undefined) throw new Problem(NOT_FOUND);
  return { ordered, file: undefined, table };
}

/** @throws Problem `package-revoked`, `package-expired`: its files are there for nobody any more */
export function refuseGone({ state, revokedAt, revocationReason }: DataPackage): void {
  if (revokedAt !== null) throw new Problem(PACKAGE_REVOKED, undefined, { reason: revocationReason });
  if (state === 'expired') throw new Problem(PACKAGE_EXPIRED);
}

async function orderParquet(tx: TenantTx, deps: OpenFileDeps, ordered: DataPackage, table: string): Promise<void> {
  const { municipality } = tx.tenant;
  const payload = { municipality, domain: ordered.domain, packageId: ordered.id, table };
  await deps.jobs.send(tx, BUILD_PARQUET, `${ordered.id}/${table}`, payload);
}

function fileNameOf(ordered: DataPackage, municipality: string, name: string): string {
  const stem = packageName({ ...ordered, municipality });
  return name === ARCHIVE ? `${stem}.zip` : `${stem}-${name}`;
}
