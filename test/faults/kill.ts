// The long form of the fault tests, run by hand: `npm run faults [loads|packages|deliveries|pauses|jumps|webhooks|parts|disk|database|storage|same] [kills] [seed]`.
// SIGKILLs at seeded moments; prints where they hit and whatever was wrong. `same` kills every worker that takes up one and the same delivery; `pauses` stops
// workers for a minute while others take over, `jumps` sets their clocks, `webhooks` kills them while they send; `parts` breaks PostgreSQL, the api and Redis
// under a whole running service, `disk` fills its disk and `database` that of PostgreSQL (for those who may mount a small one); `storage` lets the storage fail at every call of a load, a
// package and a delivery.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTestServer } from '../harness/database.ts';
import { breakParts } from './break-parts.ts';
import { failStorage } from './fail-storage.ts';
import { fillDatabase } from './fill-database.ts';
import { fillDisk } from './fill-disk.ts';
import { killBuilders } from './kill-builder.ts';
import { killDeliveries } from './kill-deliveries.ts';
import { killSenders } from './kill-senders.ts';
import { killAgainAndAgain, killWorkers } from './kill-worker.ts';

interface Report {
  readonly histogram: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

const KILLS: Record<string, number> = {
  storage: 0,
  loads: 50,
  packages: 30,
  deliveries: 30,
  pauses: 5,
  jumps: 30,
  webhooks: 30,
  parts: 30,
  disk: 30,
  database: 30,
  same: 6,
};
const given = process.argv.slice(2);
const what = (Object.hasOwn(KILLS, given[0] ?? '') ? given.shift() : undefined) ?? 'loads';
const kills = Number(given[0] ?? KILLS[what]);
const seed = Number(given[1] ?? 1);
const teardowns: (() => unknown)[] = [];
const scope = { teardown: (fn: () => unknown) => teardowns.unshift(fn) };
const started = Date.now();
try {
  const problems = what === 'same' ? await killAgainAndAgain(scope, kills) : report(await runSeeded());
  if (what === 'same' && problems.length === 0) {
    process.stdout.write(`one delivery that ${kills} workers died over was accepted in the end\n`);
  }
  process.stdout.write(
    problems.length === 0 ? 'nothing half visible, fsck clean each time\n' : `${problems.join('\n')}\n`,
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  for (const teardown of teardowns) await teardown();
  await removeTestServer();
}

async function runSeeded(): Promise<Report> {
  const options = { kills, seed, onKill: () => process.stdout.write('.') };
  if (what === 'packages') return killBuilders(scope, options);
  if (what === 'loads') return killWorkers(scope, options);
  if (what === 'storage') return failStorage(scope, 1);
  if (what === 'webhooks') {
    const { repeated, ...report } = await killSenders(scope, options);
    process.stdout.write(`\n${repeated} requests came again under an id that had arrived`);
    return report;
  }
  if (what === 'parts' || what === 'disk' || what === 'database') {
    const folder = await mkdtemp(join(tmpdir(), `flis-${what}-`));
    scope.teardown(() => rm(folder, { recursive: true, force: true }));
    if (what === 'parts') return breakParts(scope, { ...options, folder });
    if (what === 'database') return fillDatabase(scope, { ...options, folder });
    return fillDisk(scope, { ...options, folder, failures: 6 });
  }
  const how = ({ pauses: 'pause', jumps: 'jump' } as const)[what] ?? 'kill';
  const { deliveries, ...report } = await killDeliveries(scope, { ...options, how });
  process.stdout.write(`\n${deliveries} deliveries are ready`);
  return report;
}

function report({ histogram, problems }: Report): readonly string[] {
  process.stdout.write(
    `\n${kills} kills (${what}) with seed ${seed} in ${Math.round((Date.now() - started) / 1000)} s\n`,
  );
  for (const [phase, hits] of Object.entries(histogram)) {
    process.stdout.write(`${String(hits).padStart(4)}  ${'#'.repeat(hits)} ${phase}\n`);
  }
  return problems;
}
