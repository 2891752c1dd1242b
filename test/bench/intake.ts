// Intake of 5 million account balances, first PUT byte to visible revision over HTTP with all rules on, against `gzip -6` of the same file alone.
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { send, sendDelivery } from '../../src/client/index.ts';
import { writeAccounts, writeChart } from './accounts.ts';
import { median, type Ratio } from './measure.ts';
import { gzipSeconds, peakMemory, startBenchService } from './service.ts';

const ROWS = 5_000_000;
const ROUNDS = 5;
const YEAR = 2024;
const MUNICIPALITIES = ['101', '751', '461', '851', '561'];

/** intake: rows per second; intake-segments: bytes stored; intake-memory: MiB of api and worker together at their peaks. */
export async function benchIntake(folder: string): Promise<Ratio[]> {
  const service = await startBenchService(folder);
  const seconds: number[] = [];
  const yardsticks: number[] = [];
  const sizes: number[] = [];
  let fileBytes = 0;
  try {
    for (const municipality of MUNICIPALITIES.slice(0, ROUNDS)) {
      const files = ['oko_regnskab', 'oko_kontoplan'].map((table) => ({ table, path: join(folder, `${table}.csv`) }));
      const [accounts, chart] = files.map(({ path }) => path) as [string, string];
      await writeAccounts(accounts, municipality, YEAR, ROWS);
      await writeChart(chart, municipality, YEAR);
      fileBytes = (await stat(accounts)).size;
      const api = await service.as(municipality);
      const what = {
        domain: 'oekonomi',
        kind: 'total',
        sourceSystem: 'opus-oekonomi',
        periodFrom: `${YEAR}-01`,
        periodTo: `${YEAR}-12`,
      } as const;
      const start = process.hrtime.bigint();
      const result = await sendDelivery(api, what, files, { gzip: false });
      seconds.push(Number(process.hrtime.bigint() - start) / 1e9);
      if (result.state !== 'accepted') throw new Error(`delivery ${result.state}`);
      const { body } = await send(api, { method: 'GET', path: `/v1/revisions/${result.revision}?domain=oekonomi` });
      const table = body.tables.find(({ table }: { table: string }) => table === 'oko_regnskab');
      if (table.rows !== ROWS) throw new Error(`${table.rows} rows became visible`);
      const segment = `slices/table=oko_regnskab/municipality=${municipality}/period=${YEAR}/${table.slices[0].sha256}.deflate`;
      const { size } = await stat(join(folder, 'storage', segment));
      const yardstick = await gzipSeconds(accounts);
      yardsticks.push(yardstick.seconds);
      sizes.push(size / yardstick.bytes);
      for (const { path } of files) await rm(path);
    }
    const [ours, gzip] = [median(seconds), median(yardsticks)];
    const [api, worker] = [peakMemory(service.flis.apiPid), peakMemory(service.flis.workerPid())];
    return [
      {
        name: 'intake',
        value: gzip / ours,
        goal: { atLeast: 0.5 },
        figures: `${ROWS} rows, ${Math.round(fileBytes / 1e6)} MB: ${ours.toFixed(1)} s against ${gzip.toFixed(1)} s of gzip -6`,
      },
      {
        name: 'intake-segments',
        value: median(sizes),
        goal: { atMost: 1.15 },
        figures: 'stored segments against the bytes of gzip -6',
      },
      {
        name: 'intake-memory',
        value: (api + worker) / 2048,
        goal: { atMost: 1 },
        figures: `peaks: api ${Math.round(api)} MiB, worker ${Math.round(worker)} MiB, of 2048 MiB`,
      },
    ];
  } finally {
    await service.flis.discard();
  }
}
