// Gives each municipality its own of the events that concern everybody. A transaction for each: no municipality's writers wait for another's, and whatever
// dies in between is taken up where it was, because a municipality that has an event does not lack it.
import type pg from 'pg';
import { withSystem, withTenant } from '../platform/postgres/tenancy.ts';
import { municipalityCodeOf } from '../platform/tenant.ts';
import { machineClock } from '../platform/time/steady-clock.ts';
import { insertEvent, listLacking, listWaiting, markDistributed } from './store.ts';

/** PostgreSQL's code for a row that is there already. */
const UNIQUE_VIOLATION = '23505';

/** Any number of workers may do so at once. @returns how many events were given to a municipality */
export async function distributeEvents(pool: pg.Pool, municipalities: readonly string[]): Promise<number> {
  let given = 0;
  for (const event of await withSystem(pool, 'events: waiting', listWaiting)) {
    const { eventId } = event;
    const lacking = await withSystem(pool, 'events: lacking', (tx) => listLacking(tx, eventId, municipalities));
    for (const municipality of lacking) {
      const tenant = {
        ...{ municipality: municipalityCodeOf(municipality), domains: null },
        ...{ clientId: 'worker', requestId: 'distribute-events' },
      };
      try {
        await withTenant(pool, tenant, (tx) => insertEvent(tx, event, machineClock.likely()));
        given += 1;
      } catch (error) {
        // Another worker was quicker. The number that was taken for it is given back by the rollback.
        if ((error as { code?: unknown }).code !== UNIQUE_VIOLATION) throw error;
      }
    }
    await withSystem(pool, 'events: distributed', (tx) => markDistributed(tx, eventId));
  }
  return given;
}
