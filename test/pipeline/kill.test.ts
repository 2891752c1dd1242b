// The short form of the kill tests: a handful of SIGKILLs of the worker. The long form is test/faults/kill.ts.
import t from 'tap';
import { killBuilders } from '../faults/kill-builder.ts';
import { killWorkers } from '../faults/kill-worker.ts';

t.setTimeout(240_000);

t.test('a killed worker leaves nothing half visible, and each delivery becomes one revision', async (t) => {
  const { histogram, problems } = await killWorkers(t, { kills: 5, seed: 20_250_801 });
  t.same(problems, []);
  t.ok(histogram['between first file and commit'] >= 1, `kills hit ${JSON.stringify(histogram)}`);
});

t.test('each package becomes ready once, with the bytes of one built undisturbed', async (t) => {
  const { histogram, problems } = await killBuilders(t, { kills: 4, seed: 20_250_801 });
  t.same(problems, []);
  t.ok(histogram['after the commit'] < 4, `kills hit ${JSON.stringify(histogram)}`);
});
