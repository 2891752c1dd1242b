// The scene of packages with subscriptions on it, and a clock: deliveries are scheduled when a test says what time it is.
import { createHash, randomUUID } from 'node:crypto';
import { scheduleDeliveries } from '../../src/pipeline/delivery/deliveries/schedule-deliveries.ts';
import type { Terms } from '../../src/pipeline/delivery/subscriptions/index.ts';
import { insertEvent, insertSubscription } from '../../src/pipeline/delivery/subscriptions/store.ts';
import { withTenant } from '../../src/platform/postgres/tenancy.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import type { TestScope } from '../harness/database.ts';
import type { ServiceOptions } from '../harness/service.ts';
import { type Json, startScene } from './packages-scene.ts';

export const DAILY: Terms = {
  rhythm: { frequency: 'daily', days: 'every' },
  hour: 6,
  tables: ['bor_befolkning', 'bor_bevaegelse'],
  formats: ['csv.gz'],
  kind: 'total',
};

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

export async function openDeliveryScene(t: TestScope, options: ServiceOptions = {}) {
  let now = new Date('2026-03-01T00:00:00Z');
  const scene = await startScene(t, { ...options, clock: () => now });
  const { flis, call, until } = scene;
  const { deps } = flis.api;

  /** A subscription that was agreed to, as of `startsOn`: the routes take only days to come. */
  const subscribe = async (
    terms: Partial<Terms> = {},
    startsOn = '2026-03-01',
    municipality = '615',
    renewalMonths: number | null = 12,
  ): Promise<string> => {
    const id = randomUUID();
    const tenant = { municipality: municipalityCodeOf(municipality), domains: null, clientId: 'it', requestId: 'test' };
    const agreement = { domain: 'borger', startsOn, commitmentMonths: 12, renewalMonths, noticeMonths: 3 };
    await withTenant(deps.pool, tenant, async (tx) => {
      await insertSubscription(tx, id, agreement, { ...DAILY, ...terms });
      await insertEvent(tx, id, { kind: 'activated', day: startsOn, terms: null });
    });
    return id;
  };

  /** What the worker's scheduler does at that time. */
  const lookAt = (time: string) => {
    if (flis.workerDeps === undefined) throw new Error('no worker');
    now = new Date(time);
    return scheduleDeliveries(flis.workerDeps, now);
  };

  const deliveriesOf = async (subscriptionId: string): Promise<Json[]> =>
    (await call('GET', `/v1/deliveries?subscriptionId=${subscriptionId}&limit=1000`)).json.items;

  /** The delivery of a day, once it is ready. */
  const readyOn = async (subscriptionId: string, day: string): Promise<Json> => {
    const path = `/v1/deliveries?subscriptionId=${subscriptionId}&from=${day}&to=${day}`;
    const { items } = await until(path, ({ items }) => items.length === 1 && items[0].readyAt !== null);
    return (await call('GET', `/v1/deliveries/${items[0].id}`)).json;
  };

  return { ...scene, subscribe, lookAt, deliveriesOf, readyOn };
}
