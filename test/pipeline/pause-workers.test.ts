// The short form of workers that are paused while another takes over; the long one, a minute each, is `npm run faults pauses`.
import t from 'tap';
import { killDeliveries } from '../faults/kill-deliveries.ts';

t.test('a worker that was paused publishes nothing that another has done', async (t) => {
  const { deliveries, problems } = await killDeliveries(t, { how: 'pause', kills: 1, pause: 20_000, seed: 20_250_801 });
  t.same(problems, []);
  t.ok(deliveries >= 5);
});
