// Reads of released values are on record: also those of a process that is stopped, and those that could not be written at first.

import { pino } from 'pino';
import t from 'tap';
import { createReadCounter } from '../../src/access/index.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { startApi } from '../../src/start.ts';
import { TEST_CONTEXT } from '../harness/database.ts';
import { startService } from '../harness/service.ts';

t.test('reads are counted', async (t) => {
  const service = await startService(t, { withoutWorker: true });
  const pool = (url: string) => {
    const made = createPool({ url, max: 2, statementTimeout: 9_000, applicationName: 'test', context: TEST_CONTEXT });
    t.teardown(() => made.end());
    return made;
  };
  const owner = pool(service.database.ownerUrl);
  const written = async () =>
    (await owner.query('select client_id, reader, object, reads from released_read order by entry')).rows.map((row) =>
      Object.values(row),
    );

  await t.test('what could not be written is written the next time', async (t) => {
    const errors: unknown[] = [];
    const reads = createReadCounter(pool(service.database.apiUrl), (error) => errors.push(error));
    const reader = { clientId: 'bi', municipality: municipalityCodeOf('615') };
    reads.count(reader, 'BO05');
    await owner.query('revoke insert on released_read from flis_api');
    await reads.flush();
    t.match(errors, [{ code: '42501' }]);
    reads.count(reader, 'BO05');
    reads.count({ clientId: 'operator', municipality: null }, 'borger-1');
    await owner.query('grant insert on released_read to flis_api');
    await reads.flush();
    t.same(await written(), [
      ['bi', '615', 'BO05', 2],
      ['operator', null, 'borger-1', 1],
    ]);
    await reads.flush();
    t.equal((await written()).length, 2, 'once');
  });

  await t.test('a stopping api writes what it counted', async (t) => {
    await owner.query('delete from released_read');
    await owner.query(
      `insert into release (release_id, domain, number, state, requested_by, published_at) values ('borger-1', 'borger', 1, 'published', 'x', now())`,
    );
    const api = await startApi(service.config, pino({ enabled: false }));
    const authorization = `Bearer ${await service.token({ municipality: '791', clientId: 'lis' })}`;
    for (const query of ['', '?municipality=615', '?limit=0']) {
      await (await fetch(`${api.url}/v1/key-figures/BO05/values${query}`, { headers: { authorization } })).text();
    }
    await api.stop();
    t.same(await written(), [['lis', '791', 'BO05', 2]], 'a refused request is no read');
  });
});
