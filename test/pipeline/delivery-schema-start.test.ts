// Versions of the service that declare a table otherwise: which may start when, and that one which may not changes nothing. Real processes’ doors, a real
// domain folder for each version, and a clock.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { loadCatalogue } from '../../src/domains/index.ts';
import { recordSchemas } from '../../src/pipeline/delivery/schema-changes/index.ts';
import { StartFaults } from '../../src/platform/start-faults.ts';
import { addDays, dayOf } from '../../src/platform/time/local-time.ts';
import { startApi } from '../../src/start.ts';
import { poolOf } from '../events/scene.ts';
import { startService } from '../harness/service.ts';
import type { Json } from './packages-scene.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DOMAIN = join(ROOT, 'test/journey/domains/bibliotek');
const TODAY = dayOf(new Date());
const CODE = 'schema-change-not-announced: table bib_udlaan: ';

const columnOf = (name: string, type: string) => `    {
      name: '${name}',
      title: { da: 'x', en: 'x' },
      description: { da: 'x', en: 'x' },
      type: ${type},
      nullable: true,
      sensitivity: 'ordinary',
    },
`;
const WHOLE = "{ type: 'integer', minimum: 0, maximum: 1000 }";
const TEXT = "{ type: 'text', maxLength: 9 }";

/** A folder with the domain of libraries as a version of the service declares it: with these columns besides its own. */
async function writeVersion(t: Test, columns: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'flis-version-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const domain = join(folder, 'bibliotek');
  await cp(DOMAIN, domain, { recursive: true });
  for (const name of ['domain.ts', 'rules.ts', 'tables/bib-udlaan.ts', 'key-figures/bi01.ts']) {
    const text = (await readFile(join(domain, name), 'utf8')).replaceAll(/(\.\.\/)+src\//g, `${ROOT}src/`);
    const more = Object.entries(columns).map(([column, type]) => columnOf(column, type));
    await writeFile(join(domain, name), text.replace('\n  ],\n  key: [', `\n${more.join('')}  ],\n  key: [`));
  }
  return folder;
}

t.test('a version of the service starts when what it changes was announced in time', async (t) => {
  let now = new Date();
  const clock = () => now;
  /** At noon, some days from today. */
  const go = (days: number) => {
    now = new Date(`${addDays(TODAY, days)}T12:00:00Z`);
  };
  // The service looks into this list when it starts a process.
  const folders = [await writeVersion(t, { bestilt: WHOLE })];
  const service = await startService(t, { domainFolders: folders, clock });
  const owner = new pg.Client({ connectionString: service.database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());
  const call = async (method: string, path: string, body?: unknown, municipality: string | null = null) => {
    const headers: Record<string, string> = typeof body === 'string' ? { 'content-type': 'text/csv' } : {};
    const response = await service.call(method, path, { caller: { municipality }, body, headers });
    if (response.status > 299) throw new Error(await response.text());
    return (await response.json()) as Json;
  };
  const announce = async (columns: object[], days: number): Promise<string> => {
    const description = { da: 'Ændres', en: 'Changes' };
    const body = { table: 'bib_udlaan', effectiveOn: addDays(TODAY, days), columns, description };
    return (await call('POST', '/v1/schema-changes', body)).id;
  };
  const statusOf = async (id: string) => (await call('GET', `/v1/schema-changes/${id}`)).status;
  const state = async () => {
    const { rows } = await owner.query(
      `select (select count(*) from schema_version where table_name = 'bib_udlaan')::int as versions,
         (select count(*) from revision where kind = 'schema')::int as schemas,
         (select count(*) from pgboss.job where name = 'revise' and data ->> 'task' = 'reslice')::int as asked`,
    );
    return rows[0];
  };
  const untilState = async (wanted: object) => {
    for (let tries = 0; tries < 1000; tries += 1) {
      if (JSON.stringify(await state()) === JSON.stringify(wanted)) return;
      await delay(20);
    }
    throw new Error(`${JSON.stringify(await state())}, not ${JSON.stringify(wanted)}`);
  };
  let stop = service.worker?.stop;
  /** Ends the worker and starts api and worker of another version. @returns what keeps them from starting; undefined when they run */
  const exchange = async (columns: Readonly<Record<string, string>>): Promise<string | undefined> => {
    await stop?.();
    folders[0] = await writeVersion(t, columns);
    const told: string[] = [];
    const refused = (error: unknown) => {
      if (!(error instanceof StartFaults)) throw error;
      told.push(error.faults.join('\n'));
    };
    const options = { domainFolders: folders, clock };
    const api = await startApi(service.config, pino({ enabled: false }), options).catch(refused);
    await api?.stop();
    const worker = await service.startWorker().catch(refused);
    stop = worker?.stop;
    t.ok(told.length === 0 || (told.length === 2 && told[0] === told[1]), 'api and worker agree', { told });
    return told[0];
  };

  const { id } = await call(
    'POST',
    '/v1/source-deliveries',
    {
      ...{ domain: 'bibliotek', kind: 'total', sourceSystem: 'cicero', periodFrom: '2025-01', periodTo: '2025-12' },
    },
    '615',
  );
  const rows = 'kommunekode,maaned,filial,udlaan,laanere,bestilt\n615,2025-01,Vest,50,15,3\n';
  await call('PUT', `/v1/source-deliveries/${id}/files/bib_udlaan`, rows, '615');
  await call('POST', `/v1/source-deliveries/${id}/submit`, undefined, '615');
  while ((await call('GET', `/v1/source-deliveries/${id}`, undefined, '615')).state !== 'accepted') await delay(20);
  t.same(await state(), { versions: 1, schemas: 0, asked: 0 }, 'what the first worker declared is noted');

  await t.test('a column more needs nothing', async (t) => {
    t.equal(await exchange({ bestilt: WHOLE, ny: TEXT }), undefined);
    await untilState({ versions: 2, schemas: 1, asked: 1 });
  });

  await t.test('a column that goes or becomes another stops both, and nothing is written', async (t) => {
    t.match(await exchange({ bestilt: TEXT }), `${CODE}bestilt retyped as text, ny removed. Declare it as before, or`);
    t.match(await exchange({ bestilt: WHOLE }), `${CODE}ny removed. `);
    t.same(await state(), { versions: 2, schemas: 1, asked: 1 });
  });

  const change = await announce([{ column: 'bestilt', change: 'retyped', type: 'text' }], 90);
  await t.test('once announced it may start on its day, not before', async (t) => {
    go(89);
    const told = `${CODE}bestilt retyped as text (announced for ${addDays(TODAY, 90)}). `;
    t.match(await exchange({ bestilt: TEXT, ny: TEXT }), told);
    go(90);
    t.match(await exchange({ bestilt: TEXT }), `${CODE}ny removed. `, 'what was not announced with it may not');
    t.match(await exchange({ bestilt: "{ type: 'money' }", ny: TEXT }), `${CODE}bestilt retyped as money. `);
    t.same([await state(), await statusOf(change)], [{ versions: 2, schemas: 1, asked: 1 }, 'planned']);
    t.equal(await exchange({ bestilt: TEXT, ny: TEXT }), undefined);
    await untilState({ versions: 3, schemas: 2, asked: 2 });
    t.match(await call('GET', `/v1/schema-changes/${change}`), {
      ...{ status: 'carried-out', carriedOutOn: addDays(TODAY, 90) },
    });
  });

  await t.test('it may start again, and be undone only as any change', async (t) => {
    t.equal(await exchange({ bestilt: TEXT, ny: TEXT }), undefined);
    t.match(await exchange({ bestilt: WHOLE, ny: TEXT }), `${CODE}bestilt retyped as integer. `);
    t.same(await state(), { versions: 3, schemas: 2, asked: 2 });
  });

  await t.test('a withdrawn announcement permits nothing', async (t) => {
    const gone = await announce([{ column: 'bestilt', change: 'removed' }], 180);
    go(180);
    await call('POST', `/v1/schema-changes/${gone}/withdraw`, { reason: 'Den bliver' });
    t.match(await exchange({ ny: TEXT }), `${CODE}bestilt removed (its announcement was withdrawn). `);
    t.equal(await exchange({ bestilt: TEXT, ny: TEXT }), undefined);
    t.same(await state(), { versions: 3, schemas: 2, asked: 2 });
  });

  await t.test('a change can be carried out in parts', async (t) => {
    // The api that runs is of the first version, which does not know the column that came.
    const columns = [{ column: 'bestilt', change: 'removed' }];
    const gone = await announce([...columns, { column: 'senere', change: 'added', type: 'text' }], 270);
    t.equal(await exchange({ bestilt: TEXT, ny: TEXT, senere: TEXT }), undefined, 'a column may come early');
    await untilState({ versions: 4, schemas: 3, asked: 3 });
    t.equal(await statusOf(gone), 'planned');
    t.match(await exchange({ ny: TEXT, senere: TEXT }), `${CODE}bestilt removed (announced for `);
    go(270);
    t.equal(await exchange({ ny: TEXT, senere: TEXT }), undefined);
    await untilState({ versions: 5, schemas: 4, asked: 4 });
    t.equal(await statusOf(gone), 'carried-out');
  });

  await t.test('of versions that contradict one another and start at once one is noted', async (t) => {
    const wholes = await Promise.all(
      ['a', 'b', 'c'].map(async (name) =>
        loadCatalogue([await writeVersion(t, { ny: TEXT, senere: TEXT, [name]: WHOLE })]),
      ),
    );
    const pool = poolOf(t, service.database, 'worker');
    const ends = await Promise.allSettled(wholes.map((catalogue) => recordSchemas({ pool, catalogue, clock })));
    const refused = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
    t.equal(refused.length, 2);
    for (const error of refused) t.match(error, { faults: [/^schema-change-not-announced: .*: [abc] removed\. /] });
    t.match(await state(), { versions: 6 });
  });
});
