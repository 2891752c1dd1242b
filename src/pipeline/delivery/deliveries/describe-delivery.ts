// The manifest of a delivery: what arrived, by when it is true, and what it must add up to. Pure; signing it is another file's matter.
import type { Domain } from '../../../domains/definition.ts';
import { type HeldSlice, schemaHashOf } from '../../../slices/index.ts';
import { addTotals, schemaHashOfAll, type Totals } from './rules.ts';
import type { Delivery } from './store.ts';
import type { DeliveryFile } from './store-files.ts';

/** A table as it is at the delivery's revision, whichever kind the delivery is. */
export interface ManifestTable {
  readonly name: string;
  readonly schemaHash: string;
  readonly rows: number;
  /** The sum of each numeric column over all those rows; null: no row has a value. A receiver of deltas has the same when all were applied. */
  readonly controlTotals: Totals;
}

/** The statement that is signed. Times are RFC 3339. */
export interface Manifest {
  readonly issuer: string;
  readonly delivery: string;
  readonly subscription: string;
  readonly municipality: string;
  readonly domain: string;
  readonly dueOn: string;
  readonly promisedAt: string;
  readonly package: string;
  readonly kind: 'total' | 'delta';
  readonly revision: number;
  /** With a delta: the revision that it is the difference to. */
  readonly since: number | null;
  /** When the revision became visible: everything accepted by then is in it, nothing after. */
  readonly transactionTime: string;
  /** The transaction time of the total that this chain of deltas began with; its own for a total. */
  readonly epochStart: string;
  readonly unchanged: Delivery['unchanged'];
  readonly schemaHash: string;
  readonly tables: readonly ManifestTable[];
  readonly files: readonly Pick<DeliveryFile, 'name' | 'rows' | 'bytes' | 'sha256'>[];
  readonly nextPromisedAt: string | null;
}

/** A slice with the sums of its columns. */
export interface SummedSlice {
  readonly slice: HeldSlice;
  readonly totals: Totals;
}

/** @returns the agreed tables with what their slices add up to. */
export function describeTables(
  domain: Domain,
  tables: readonly string[],
  slices: readonly SummedSlice[],
): ManifestTable[] {
  return domain.tables
    .filter(({ name }) => tables.includes(name))
    .map((table) => {
      const own = slices.filter(({ slice }) => slice.table === table.name);
      return {
        name: table.name,
        schemaHash: schemaHashOf(table),
        rows: own.reduce((sum, { slice }) => sum + slice.rows, 0),
        controlTotals: own.reduce<Totals>((sum, { totals }) => addTotals(sum, totals), {}),
      };
    });
}

/** What the manifest says besides its tables and files. */
export interface ManifestFacts {
  readonly issuer: string;
  readonly municipality: string;
  readonly delivery: Delivery;
  readonly package: {
    readonly id: string;
    readonly kind: 'total' | 'delta';
    readonly revision: number;
    readonly since: number | null;
  };
  readonly revisedAt: Date;
}

/** @returns the manifest of a delivery that is about to become ready. */
export function describeDelivery(
  { issuer, municipality, delivery, package: made, revisedAt }: ManifestFacts,
  tables: readonly ManifestTable[],
  files: Manifest['files'],
): Manifest {
  const { id, subscriptionId, domain, dueOn, promisedAt, nextPromisedAt, epochStart, unchanged } = delivery;
  return {
    ...{ issuer, delivery: id, subscription: subscriptionId, municipality, domain, dueOn },
    ...{ promisedAt: promisedAt.toISOString(), package: made.id, kind: made.kind, revision: made.revision },
    ...{ since: made.since, transactionTime: revisedAt.toISOString() },
    epochStart: (epochStart ?? revisedAt).toISOString(),
    ...{ unchanged, schemaHash: schemaHashOfAll(tables), tables },
    files: files.map(({ name, rows, bytes, sha256 }) => ({ name, rows, bytes, sha256 })),
    nextPromisedAt: nextPromisedAt?.toISOString() ?? null,
  };
}
