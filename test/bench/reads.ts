// Hot reads of released key figures, against a bare Fastify process with one schema route that answers `{ hello: 'world' }`.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadCatalogue } from '../../src/domains/index.ts';
import { hammer } from './hammer.ts';
import { alternate, type Ratio } from './measure.ts';
import { startBenchService, startYardstick } from './service.ts';

/** Short rounds and many of them: the speed of a shared machine changes by half from one second to the next, and with five rounds of 4 s the same code came to
 * anything from 0.71 to 0.88 (measured). */
const SECONDS = 0.5;
const CONNECTIONS = 16;
const ROUNDS = 41;
const HEADER = 'kommunekode,maaned,koen,alder_fra,alder_til,civilstand,herkomst,statsborgerskab,distrikt,antal';

/** The six towns over a year: 72 values. */
const MONTHS = Array.from({ length: 12 }, (_, index) => `2025-${String(index + 1).padStart(2, '0')}`);

/** hot-read: 200 with a body of 10 kB and more; not-modified: 304 to `If-None-Match`. Both send a JWT. */
export async function benchReads(folder: string): Promise<Ratio[]> {
  const service = await startBenchService(folder);
  const yardstick = await startYardstick();
  try {
    const { municipalities } = await loadCatalogue();
    for (const { code, synthetic } of municipalities) {
      if (synthetic) continue;
      const path = join(folder, 'population.csv');
      const rows = MONTHS.map((month) => `${code},${month},ialt,0,125,ialt,ialt,ialt,ialt,${10_000 + Number(code)}`);
      await writeFile(path, `${[HEADER, ...rows].join('\n')}\n`);
      await service.deliver(
        code,
        { domain: 'borger', kind: 'total', sourceSystem: 'cpr', periodFrom: '2025-01', periodTo: '2025-12' },
        [{ table: 'bor_befolkning', path }],
      );
    }
    await service.release('borger');
    const { token } = await service.as('615');
    const url = `${service.flis.url}/v1/key-figures/BO06/values?group=6-by&from=2025-01&to=2025-12`;
    const authorization = `Bearer ${token}`;
    const answer = await fetch(url, { headers: { authorization } });
    const bytes = (await answer.arrayBuffer()).byteLength;
    if (!answer.ok || bytes < 10_000) throw new Error(`the hot read answers ${answer.status} with ${bytes} bytes`);
    const etag = answer.headers.get('etag') ?? '';
    const bare = () => rate(`${yardstick.url}/hello`, { authorization }, 200);

    // Both processes have run their code through before the first round counts.
    for (let warm = 0; warm < 8; warm += 1) {
      await rate(url, { authorization }, 200);
      await bare();
    }
    const hot = await alternate(ROUNDS, () => rate(url, { authorization }, 200), bare);
    const unchanged = await alternate(ROUNDS, () => rate(url, { authorization, 'if-none-match': etag }, 304), bare);
    const figures = (m: { subject: number; yardstick: number }, what: string) =>
      `${Math.round(m.subject)} ${what}/s against ${Math.round(m.yardstick)} bare Fastify answers/s`;
    return [
      {
        name: 'hot-read',
        value: hot.subject / hot.yardstick,
        goal: { atLeast: 0.65 },
        figures: figures(hot, `answers of ${bytes} bytes`),
      },
      {
        name: 'not-modified',
        value: unchanged.subject / unchanged.yardstick,
        goal: { atLeast: 0.75 },
        figures: figures(unchanged, 'answers 304'),
      },
    ];
  } finally {
    await yardstick.stop();
    await service.flis.discard();
  }
}

/** Answers per second; every answer must have `status`. */
function rate(url: string, headers: Record<string, string>, status: number): Promise<number> {
  return hammer(url, headers, { status, connections: CONNECTIONS, seconds: SECONDS });
}
