// The long form of the kill test, run by hand: 50 SIGKILLs (or the number given) at seeded moments; prints where they hit and whatever was wrong.
import { removeTestServer } from '../harness/database.ts';
import { killWorkers, type Phase } from './kill-worker.ts';

const kills = Number(process.argv[2] ?? 50);
const seed = Number(process.argv[3] ?? 1);
const teardowns: (() => unknown)[] = [];
const started = Date.now();
const { histogram, problems } = await killWorkers(
  { teardown: (fn) => teardowns.unshift(fn) },
  { kills, seed, onKill: () => process.stdout.write('.') },
);
process.stdout.write(`\n${kills} kills with seed ${seed} in ${Math.round((Date.now() - started) / 1000)} s\n`);
for (const phase of Object.keys(histogram) as Phase[]) {
  process.stdout.write(`${String(histogram[phase]).padStart(4)}  ${'#'.repeat(histogram[phase])} ${phase}\n`);
}
process.stdout.write(
  problems.length === 0 ? 'nothing half visible, fsck clean each time\n' : `${problems.join('\n')}\n`,
);
for (const teardown of teardowns) await teardown();
await removeTestServer();
process.exitCode = problems.length === 0 ? 0 : 1;
