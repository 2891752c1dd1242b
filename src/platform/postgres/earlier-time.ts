// What time it is for what cannot be taken back: a clock that runs ahead must not make deliveries of days that have not come, which their day would then go
// without, nor delete what is to be kept. One that is behind only delays.
import type { SystemTx } from './tenancy.ts';

/** @returns the earlier of this process's time and PostgreSQL's */
export async function earlierTime(tx: SystemTx, clock: () => Date): Promise<Date> {
  const [row] = await tx.query<{ now: Date }>('select clock_timestamp() as now');
  const own = clock();
  return row !== undefined && row.now < own ? row.now : own;
}
