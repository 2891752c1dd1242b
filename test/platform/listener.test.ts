// The listener hears what is announced, knows when it may be deaf, and says so before it hears again.
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { pino } from 'pino';
import t from 'tap';
import { startListener } from '../../src/platform/postgres/listener.ts';
import { createTestDatabase } from '../harness/database.ts';

t.test('a broken connection is a gap, never a silence', async (t) => {
  const database = await createTestDatabase(t);
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());
  const heard: string[] = [];
  let gaps = 0;
  const listener = startListener({
    url: database.apiUrl,
    applicationName: 'listener-test',
    channel: 'news',
    log: pino({ enabled: false }),
    onMessage: (payload) => heard.push(payload),
    onGap: () => {
      gaps += 1;
    },
  });
  t.equal(listener.isListening(), false, 'not before it is connected');
  const until = async (holds: () => boolean) => {
    while (!holds()) await delay(5);
  };
  await until(() => listener.isListening());
  t.equal(gaps, 1);
  await owner.query(`select pg_notify('news', 'one'), pg_notify('other', 'x')`);
  await until(() => heard.length > 0);
  t.same(heard, ['one']);

  // The whole of the connection is frozen first: nothing is refused, answers just do not come.
  const { rows } = await owner.query(`select pid from pg_stat_activity where application_name = 'listener-test'`);
  process.kill(rows[0].pid, 'SIGSTOP');
  await until(() => !listener.isListening());
  process.kill(rows[0].pid, 'SIGCONT');
  await until(() => listener.isListening());

  await owner.query(`select pg_terminate_backend($1)`, [rows[0].pid]);
  await until(() => gaps === 2);
  await until(() => listener.isListening());
  await owner.query(`select pg_notify('news', 'two')`);
  await until(() => heard.length > 1);
  t.same(heard, ['one', 'two']);
  await listener.stop();
  await until(() => !listener.isListening());
});
