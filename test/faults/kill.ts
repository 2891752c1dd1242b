// The long form of the kill tests, run by hand: `npm run faults [loads|packages|same] [kills] [seed]`. SIGKILLs at seeded moments;
// prints where they hit and whatever was wrong. `same` kills every worker that takes up one and the same delivery.
import { removeTestServer } from '../harness/database.ts';
import { killBuilders } from './kill-builder.ts';
import { killAgainAndAgain, killWorkers } from './kill-worker.ts';
import type { KillReport, Phase } from './worker-process.ts';

const WORDS = ['loads', 'packages', 'same'];
const given = process.argv.slice(2);
const what = WORDS.includes(given[0] ?? '') ? given.shift() : 'loads';
const kills = Number(given[0] ?? (what === 'same' ? 6 : what === 'packages' ? 30 : 50));
const seed = Number(given[1] ?? 1);
const teardowns: (() => unknown)[] = [];
const scope = { teardown: (fn: () => unknown) => teardowns.unshift(fn) };
const started = Date.now();
const problems = what === 'same' ? await killAgainAndAgain(scope, kills) : report(await runSeeded());
if (what === 'same' && problems.length === 0) {
  process.stdout.write(`one delivery that ${kills} workers died over was accepted in the end\n`);
}
process.stdout.write(
  problems.length === 0 ? 'nothing half visible, fsck clean each time\n' : `${problems.join('\n')}\n`,
);
for (const teardown of teardowns) await teardown();
await removeTestServer();
process.exitCode = problems.length === 0 ? 0 : 1;

function runSeeded(): Promise<KillReport> {
  const options = { kills, seed, onKill: () => process.stdout.write('.') };
  return what === 'packages' ? killBuilders(scope, options) : killWorkers(scope, options);
}

function report({ histogram, problems }: KillReport): readonly string[] {
  process.stdout.write(
    `\n${kills} kills (${what}) with seed ${seed} in ${Math.round((Date.now() - started) / 1000)} s\n`,
  );
  for (const phase of Object.keys(histogram) as Phase[]) {
    process.stdout.write(`${String(histogram[phase]).padStart(4)}  ${'#'.repeat(histogram[phase])} ${phase}\n`);
  }
  return problems;
}
