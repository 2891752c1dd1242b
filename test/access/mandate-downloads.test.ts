// A mandate that ends while files are on their way: nothing more of them leaves, however the vendor reads, and whether or not the end can be heard of.
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import t from 'tap';
import { startService } from '../harness/service.ts';
import { openMandateScene } from './mandate-scene.ts';

const MIB = 1024 * 1024;
/** What the issue of trust allows after the end, whichever comes first. */
const MOST_BYTES = 8 * MIB;
const MOST_MS = 5_000;
const ENDINGS = 200;
const AT_ONCE = 10;

t.test('a mandate ends during downloads', async (t) => {
  const service = await startService(t, { withoutWorker: true });
  await service.startWorker();
  const { newVendor, newMandate, tokenOf, decide } = await openMandateScene(service);
  const owner = new pg.Client({ connectionString: service.database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());
  const vendor = await newVendor();
  const packageId = randomUUID();
  const { key } = await service.api.deps.storage.put(
    `packages/municipality=615/${packageId}/large`,
    Readable.from([randomBytes(4 * MIB)]),
  );
  // More than any machine sends in the time of a test.
  const parts = Array.from({ length: 16_384 }, () => ({ key, start: 0, end: 4 * MIB - 1 }));
  await owner.query(
    `insert into source_delivery (municipality_code, source_delivery_id, domain, kind, source_system, period_from, period_to, state, client_id)
     values ('615', $1, 'borger', 'total', 'cpr', '2025-01', '2025-12', 'accepted', 'x')`,
    [packageId],
  );
  await owner.query(
    `insert into revision (municipality_code, domain, revision, kind, source_delivery_id, slices_changed)
     values ('615', 'borger', 1, 'total', $1, 0)`,
    [packageId],
  );
  await owner.query(
    `insert into package (municipality_code, package_id, domain, revision, kind, state, ready_at, manifest)
     values ('615', $1, 'borger', 1, 'total', 'ready', now(), '{"name":"x","resources":[{"name":"bor_befolkning"}]}')`,
    [packageId],
  );
  await owner.query(
    `insert into package_file (municipality_code, package_id, name, media_type, scope, rows, bytes, sha256, parts)
     values ('615', $1, 'bor_befolkning.csv.gz', 'application/gzip', '', 1, $2, repeat('0', 64), $3)`,
    [packageId, 16_384 * 4 * MIB, JSON.stringify(parts)],
  );
  const path = `/v1/packages/${packageId}/files/bor_befolkning.csv.gz`;

  /** Reads as fast as it can, or, `slow`, hardly at all. Counts what comes. */
  const download = async (token: string, slow = false) => {
    const { hostname, port } = new URL(service.url);
    const socket = connect(Number(port), hostname);
    const closed = new Promise<void>((done) => socket.once('close', () => done()));
    const seen = { bytes: 0, closed };
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      seen.bytes += chunk.length;
      if (slow) {
        socket.pause();
        setTimeout(() => socket.resume(), 50);
      }
    });
    const { host } = new URL(service.config.http.publicOrigin);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    while (seen.bytes === 0 && !socket.destroyed) await Promise.race([once(socket, 'data'), closed]).catch(() => {});
    return seen;
  };

  await t.test(`${ENDINGS} endings at random moments`, async (t) => {
    let [mostBytes, longest] = [0, 0];
    const late: { slow: boolean; bytes: number; ms: number }[] = [];
    const endOne = async (slow: boolean) => {
      const mandateId = await newMandate(vendor);
      const seen = await download(await tokenOf(vendor, { municipality: '615', mandate: mandateId }), slow);
      await delay(Math.random() * 40);
      const { status } = await decide(mandateId, 'end');
      const [ended, before] = [performance.now(), seen.bytes];
      if (status !== 200) throw new Error(`the mandate was not ended: ${status}`);
      await seen.closed;
      const [bytes, ms] = [seen.bytes - before, performance.now() - ended];
      mostBytes = Math.max(mostBytes, bytes);
      longest = Math.max(longest, ms);
      if (bytes > MOST_BYTES || ms > MOST_MS) late.push({ slow, bytes, ms });
    };
    for (let done = 0; done < ENDINGS; done += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => endOne(index % 5 === 4)));
    t.same(late, [], 'none has got a byte beyond the bound');
    t.comment(
      `most bytes after the end: ${mostBytes}; longest until the connection was cut: ${Math.round(longest)} ms`,
    );
    const brokenOff = () =>
      owner.query(
        `select count(*)::int as entries, count(distinct mandate_id)::int as mandates, bool_and(purpose = 'Ledelsesinformation') as named
         from audit_entry where client_id = $1 and outcome = 'broken-off'`,
        [vendor],
      );
    // The connection is closed before the end is written.
    let { rows } = await brokenOff();
    for (let tries = 0; tries < 500 && rows[0].entries < ENDINGS; tries += 1) {
      await delay(20);
      rows = (await brokenOff()).rows;
    }
    t.match(rows, [{ entries: ENDINGS, mandates: ENDINGS, named: true }], 'each is on record as broken off');
  });

  await t.test('other callers’ downloads go on', async (t) => {
    const [mine, theirs] = [await newMandate(vendor), await newVendor()];
    await newMandate(theirs);
    const running = await download(await tokenOf(theirs, { municipality: '615' }));
    const ending = await download(await tokenOf(vendor, { municipality: '615', mandate: mine }));
    await decide(mine, 'end');
    await ending.closed;
    const before = running.bytes;
    while (running.bytes < before + 2 * MOST_BYTES) await delay(5);
    t.pass('more than the bound has come since');
    await service.call('PATCH', `/v1/clients/${theirs}`, {
      caller: { municipality: null },
      body: { status: 'disabled' },
    });
    await running.closed;
    t.pass('until its client is disabled');
  });

  await t.test('when nobody can be heard or asked, it is cut all the same', async (t) => {
    const mandateId = await newMandate(vendor);
    const running = await download(await tokenOf(vendor, { municipality: '615', mandate: mandateId }));
    const since = performance.now();
    const url = new URL(service.database.ownerUrl);
    const server = new pg.Client({ connectionString: Object.assign(new URL(url), { pathname: '/postgres' }).href });
    await server.connect();
    t.teardown(() => server.end());
    // Nobody can connect any more, and the connections of the service are ended: it hears nothing and can ask nobody.
    const connections = (allowed: boolean) =>
      server.query(`alter database "${url.pathname.slice(1)}" allow_connections ${allowed}`);
    await connections(false);
    t.teardown(() => connections(true));
    await owner.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    await running.closed;
    t.ok(performance.now() - since < MOST_MS, `${Math.round(performance.now() - since)} ms`);
  });
});
