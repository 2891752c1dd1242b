// One source system keeps a table up to date at a time: a total takes a table over, a delta must come from the system that has it.
// Two systems whose deltas were mixed would undo each other's rows without anyone noticing.
import { Problem } from '../../platform/http/problem.ts';
import type { TenantTx } from '../../platform/postgres/tenancy.ts';
import { OTHER_SOURCE_SYSTEM } from './errors.ts';
import { readTableSources, type SourceDelivery } from './store.ts';

/** @throws Problem `other-source-system` when `delivery` is a delta and another system has one of `tables`. */
export async function refuseOtherSource(
  tx: TenantTx,
  delivery: SourceDelivery,
  tables: readonly string[],
): Promise<void> {
  if (delivery.kind === 'total') return;
  const other = (await readTableSources(tx, tables)).find(({ sourceSystem }) => sourceSystem !== delivery.sourceSystem);
  if (other !== undefined) throw new Problem(OTHER_SOURCE_SYSTEM, undefined, { ...other });
}
