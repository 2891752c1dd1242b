// `npm run bench [names]`: each benchmark beside its yardstick in one run; prints `RATIO name value (goal …)` and fails when a goal is missed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ratio, report } from './measure.ts';

/** A benchmark: works in an empty folder of its own and returns its ratios. */
type Bench = (folder: string) => Promise<Ratio[]>;

const BENCHES: Record<string, () => Promise<Bench>> = {
  reads: async () => (await import('./reads.ts')).benchReads,
  intake: async () => (await import('./intake.ts')).benchIntake,
  packages: async () => (await import('./packages.ts')).benchPackages,
  context: async () => (await import('./context.ts')).benchContext,
  insight: async () => (await import('./insight.ts')).benchInsight,
  growth: async () => (await import('./growth.ts')).benchGrowth,
  nights: async () => (await import('./nights.ts')).benchNights,
};

const chosen = process.argv.slice(2);
let missed = 0;
for (const [name, load] of Object.entries(BENCHES)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const folder = await mkdtemp(join(tmpdir(), `flis-bench-${name}-`));
  try {
    const bench = await load();
    for (const ratio of await bench(folder)) if (!report(ratio)) missed += 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
process.exitCode = missed === 0 ? 0 : 1;
