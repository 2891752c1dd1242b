// Growth: one changed month, delivery to ready package, with 120 months of history against 12. The cost must follow the change, not the history.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ABSENCE_HEADER, writeAbsence } from './absence.ts';
import { alternate, type Ratio, secondsOf } from './measure.ts';
import { type BenchService, POLL_MS, startBenchService } from './service.ts';

const ROUNDS = 5;
const ROWS_PER_MONTH = 41_667;
const CHANGED = '2025-03';
const TABLE = 'sko_fravaer_dag';
const SPAN = { domain: 'skole', sourceSystem: 'kmd-educa' } as const;
const LONG = { municipality: '615', first: '2015-08', months: 120 };
const SHORT = { municipality: '657', first: '2024-08', months: 12 };

export async function benchGrowth(folder: string): Promise<Ratio[]> {
  const service = await startBenchService(folder);
  try {
    for (const { municipality, first, months } of [LONG, SHORT]) {
      const path = join(folder, 'absence.csv');
      await writeAbsence(path, municipality, first, months, ROWS_PER_MONTH);
      const total = { ...SPAN, kind: 'total', periodFrom: first, periodTo: '2025-07' } as const;
      await service.deliver(municipality, total, [{ table: TABLE, path }]);
    }
    const seconds = (municipality: string) => (round: number) =>
      secondsOf(() => changeMonth(service, folder, municipality, round + 1));
    const measured = await alternate(ROUNDS, seconds(LONG.municipality), seconds(SHORT.municipality));
    return [
      {
        name: 'growth',
        value: measured.subject / measured.yardstick,
        goal: { atMost: 1.3 },
        figures: `one changed month to a ready package: ${measured.subject.toFixed(3)} s with ${LONG.months} months, ${measured.yardstick.toFixed(3)} s with ${SHORT.months}`,
      },
    ];
  } finally {
    await service.flis.discard();
  }
}

async function changeMonth(service: BenchService, folder: string, municipality: string, round: number): Promise<void> {
  const path = join(folder, `delta-${municipality}.csv`);
  const rows = Array.from(
    { length: 100 },
    (_, index) => `U,${municipality},${900_000 + index},${CHANGED}-03,sygdom,0.${round}0`,
  );
  await writeFile(path, `_op,${ABSENCE_HEADER}\n${rows.join('\n')}\n`);
  const delta = { ...SPAN, kind: 'delta', periodFrom: CHANGED, periodTo: CHANGED, sequence: round } as const;
  await service.deliver(municipality, delta, [{ table: TABLE, path }], POLL_MS);
  await service.buildPackage(municipality, { domain: 'skole', kind: 'total' });
}
