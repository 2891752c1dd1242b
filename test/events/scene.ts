// What tests of events share: pools of both roles on a database of its own, and writing events for a municipality.
import type pg from 'pg';
import { appendEvent } from '../../src/events/index.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { type Tenant, withTenant } from '../../src/platform/postgres/tenancy.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { TEST_CONTEXT, type TestDatabase, type TestScope } from '../harness/database.ts';

export const tenantOf = (municipality: string, domains: readonly string[] | null = null): Tenant => ({
  ...{ municipality: municipalityCodeOf(municipality), domains },
  ...{ clientId: 'a-client', requestId: 'a-request' },
});

/** A pool of one of the runtime roles; ended with the test. */
export function poolOf(t: TestScope, database: TestDatabase, role: 'api' | 'worker', max = 10): pg.Pool {
  const pool = createPool({
    url: role === 'api' ? database.apiUrl : database.workerUrl,
    ...{ max, statementTimeout: 30_000, applicationName: `test-${role}`, context: TEST_CONTEXT },
  });
  t.teardown(() => pool.end());
  return pool;
}

/** Writes an event as the warehouse does when it rejects a delivery. */
export function reject(pool: pg.Pool, municipality: string, sourceDelivery: string, domain = 'borger'): Promise<void> {
  return withTenant(pool, tenantOf(municipality), (tx) =>
    appendEvent(tx, { type: 'source-delivery.rejected', domain, data: { sourceDelivery, rules: 1 } }),
  );
}
