// The short forms of what is done to workers and to their storage while they prepare deliveries and tell of them; the long ones are
// `npm run faults deliveries`, `jumps`, `webhooks` and `storage`.
import t from 'tap';
import { failStorage } from '../faults/fail-storage.ts';
import { killDeliveries } from '../faults/kill-deliveries.ts';
import { killSenders } from '../faults/kill-senders.ts';
import { skipWithout } from '../harness/skip-without.ts';

const SEED = 20_250_801;

t.test('a killed worker leaves no delivery half ready, lost or doubled', async (t) => {
  const { deliveries, problems } = await killDeliveries(t, { how: 'kill', kills: 2, seed: SEED });
  t.same(problems, []);
  // An hour before midnight those of the next day are due as well.
  t.ok(deliveries >= 10);
});

t.test(
  'a clock that jumps makes no delivery of a day to come and ends nothing early; set right, all goes on by itself',
  { skip: skipWithout('faketime', '-v') },
  async (t) => {
    const { deliveries, problems } = await killDeliveries(t, { how: 'jump', kills: 1, seed: SEED });
    t.same(problems, []);
    t.ok(deliveries >= 5);
  },
);

t.test(
  'a worker that is killed while it sends webhooks loses none, and what it sends again has the same id',
  { skip: skipWithout('openssl', 'version') },
  async (t) => {
    const { problems } = await killSenders(t, { kills: 2, seed: SEED });
    t.same(problems, []);
  },
);

t.test('storage that fails leaves nothing half visible, and what it failed for is done in the end', async (t) => {
  const { histogram, problems } = await failStorage(t, 11);
  t.same(problems, []);
  t.same(Object.keys(histogram), ['load', 'package', 'delivery']);
});
