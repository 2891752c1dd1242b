// Packages of 5 million rows in 120 slices: POST to the last byte, digest included, against `gzip -6` of the same rows; and the bare download against a plain file stream.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ABSENCE_HEADER, writeAbsence } from './absence.ts';
import { alternate, type Ratio, secondsOf } from './measure.ts';
import { drain, gzipSeconds, startBenchService, startYardstick } from './service.ts';

const MONTHS = 120;
const ROWS_PER_MONTH = 41_667;
const ROUNDS = 5;
const DOWNLOADS = 10;
const MUNICIPALITY = '615';
const TABLE = 'sko_fravaer_dag';
const SPAN = { domain: 'skole', sourceSystem: 'kmd-educa' } as const;

/** package: seconds from POST to last byte; download: bytes per second of a ready package. */
export async function benchPackages(folder: string): Promise<Ratio[]> {
  const service = await startBenchService(folder);
  try {
    const path = join(folder, 'absence.csv');
    await writeAbsence(path, MUNICIPALITY, '2015-08', MONTHS, ROWS_PER_MONTH);
    const total = { ...SPAN, kind: 'total', periodFrom: '2015-08', periodTo: '2025-07' } as const;
    await service.deliver(MUNICIPALITY, total, [{ table: TABLE, path }]);
    const { token } = await service.as(MUNICIPALITY);
    const headers = { authorization: `Bearer ${token}` };
    const addressOf = (id: string) => `${service.flis.url}/v1/packages/${id}/files/${TABLE}.csv.gz`;

    // Each round needs a revision of its own, or the package would be there already: one delta row makes one.
    const build = await alternate(
      ROUNDS,
      async (round) => {
        await deliverOneRow(service, folder, round);
        return secondsOf(async () => {
          const id = await service.buildPackage(MUNICIPALITY, { domain: 'skole', kind: 'total' });
          const [answer] = (await once(get(addressOf(id), { headers }), 'response')) as [IncomingMessage];
          const digest = createHash('sha256');
          for await (const chunk of answer) digest.update(chunk);
          const sent = /sha-256=:(.+):/.exec(String(answer.headers['repr-digest']))?.[1];
          if (digest.digest('base64') !== sent) throw new Error('the digest differs');
        });
      },
      async () => (await gzipSeconds(path)).seconds,
    );

    const id = await service.buildPackage(MUNICIPALITY, { domain: 'skole', kind: 'total' });
    const file = join(folder, 'package.csv.gz');
    const answer = await fetch(addressOf(id), { headers });
    await pipeline(Readable.fromWeb(answer.body as never), createWriteStream(file));
    const rows = await countRows(file);
    if (rows < MONTHS * ROWS_PER_MONTH) throw new Error(`the package has ${rows} rows`);
    const yardstick = await startYardstick(file);
    try {
      const download = await alternate(
        ROUNDS,
        () => drain(addressOf(id), DOWNLOADS, token),
        () => drain(`${yardstick.url}/file`, DOWNLOADS),
      );
      return [
        {
          name: 'package',
          value: build.subject / build.yardstick,
          goal: { atMost: 0.05 },
          figures: `${rows} rows in ${MONTHS} slices: ${build.subject.toFixed(3)} s against ${build.yardstick.toFixed(2)} s of gzip -6`,
        },
        {
          name: 'download',
          value: download.subject / download.yardstick,
          goal: { atLeast: 0.8 },
          figures: `${Math.round(download.subject / 1e6)} MB/s against ${Math.round(download.yardstick / 1e6)} MB/s of a plain file`,
        },
      ];
    } finally {
      await yardstick.stop();
    }
  } finally {
    await service.flis.discard();
  }
}

async function deliverOneRow(service: Awaited<ReturnType<typeof startBenchService>>, folder: string, round: number) {
  const path = join(folder, 'delta.csv');
  await writeFile(path, `_op,${ABSENCE_HEADER}\nU,${MUNICIPALITY},${900_000 + round},2020-03-02,sygdom,1.00\n`);
  const delta = { ...SPAN, kind: 'delta', periodFrom: '2020-03', periodTo: '2020-03', sequence: round + 1 } as const;
  await service.deliver(MUNICIPALITY, delta, [{ table: TABLE, path }]);
}

async function countRows(file: string): Promise<number> {
  let lines = 0;
  await pipeline(createReadStream(file), createGunzip(), async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) for (const byte of chunk) if (byte === 10) lines += 1;
  });
  return lines - 1;
}
