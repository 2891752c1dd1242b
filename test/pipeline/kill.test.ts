// The short form of the kill test: a handful of SIGKILLs of the worker. The long form is test/faults/kill.ts.
import t from 'tap';
import { killWorkers } from '../faults/kill-worker.ts';

t.setTimeout(240_000);

t.test('a killed worker leaves nothing half visible, and each delivery becomes one revision', async (t) => {
  const { histogram, problems } = await killWorkers(t, { kills: 5, seed: 20_250_801 });
  t.same(problems, []);
  t.ok(histogram['between first file and commit'] >= 1, `kills hit ${JSON.stringify(histogram)}`);
});
