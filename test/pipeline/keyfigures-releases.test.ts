// Releases: what everyone may see changes only by one; over HTTP as users read them.

import type { LightMyRequestResponse } from 'fastify';
import t from 'tap';
import { people } from '../../src/domains/borger/examples.ts';
import { publishJob } from '../../src/pipeline/keyfigures/releases/job.ts';
import { decodeCursor, encodeCursor } from '../../src/platform/http/paging.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import type { JobSender } from '../../src/platform/queue/queue.ts';
import { TEST_CONTEXT } from '../harness/database.ts';
import { ORIGIN, startApi, year } from './keyfigures-api.ts';
import { createScene } from './keyfigures-scene.ts';

const sevenBy = ['615', '657', '661', '730', '740', '779', '791'];

t.test('releases over HTTP', async (t) => {
  const scene = await createScene(t);
  const sent: string[] = [];
  const jobs: JobSender = {
    async send(_tx, queue, jobKey, payload) {
      sent.push(`${queue.name} ${jobKey} ${JSON.stringify(payload)}`);
    },
  };
  const get = await startApi(t, scene, jobs);
  await scene.deliver('615', 'borger', { 'bor_befolkning/2025': year('2025-03', 900, 100) });
  await scene.deliver('657', 'borger', { 'bor_befolkning/2025': year('2025-03', 700, 100) });
  await scene.deliver('661', 'borger', {
    'bor_befolkning/2025': [people('2025-03', 0, 74, 5), people('2025-03', 75, 125, 5)],
  });
  await scene.deliver('730', 'borger', { 'bor_befolkning/2025': year('2025-03', 1900, 100) });
  await scene.compute('615', 'borger');
  await scene.rows(
    '657',
    `insert into rule_result (municipality_code, domain, rule, table_name, period, revision, severity, count)
     values ('657', 'borger', 'DQ', 'bor_befolkning', '2025', 1, 'error', 2)`,
  );

  t.equal((await get('/v1/key-figures/BO05/values')).statusCode, 404, 'nothing is released yet');
  t.equal((await get('/v1/releases', { method: 'POST', body: { domain: 'borger' } })).statusCode, 403);
  const headers = { 'idempotency-key': 'k1' };
  const body = { domain: 'borger', note: 'prøve' };
  const requested = await get('/v1/releases', { as: null, method: 'POST', body, headers });
  t.equal(requested.statusCode, 202);
  t.equal(requested.headers.location, `${ORIGIN}/v1/releases/borger-1`);
  t.same(sent, ['publish-release borger {"releaseId":"borger-1"}']);
  t.equal((await get('/v1/key-figures/BO05/values?release=borger-1')).json().code, 'no-release', 'not published yet');
  const context = { jobId: 'j', attempt: 1, lastAttempt: true, signal: new AbortController().signal };
  await publishJob(scene.deps).run({ releaseId: 'borger-1' }, context);
  await publishJob(scene.deps).run({ releaseId: 'borger-1' }, context);
  const repeated = await get('/v1/releases', { as: null, method: 'POST', body, headers });
  t.equal(repeated.statusCode, 201, 'the same request, published by now');
  t.equal(repeated.json().releaseId, 'borger-1');
  t.equal(sent.length, 1, 'without another job');
  const reused = await get('/v1/releases', { as: null, method: 'POST', body: { domain: 'borger' }, headers });
  t.equal(reused.json().code, 'idempotency-key-reused');
  const unknown = await get('/v1/releases', { as: null, method: 'POST', body: { domain: 'nix' } });
  t.equal(unknown.json().code, 'invalid-request');

  await t.test('a release names what it rests on', async (t) => {
    const whole = (await get('/v1/releases/borger-1')).json();
    t.same(
      whole.included.map((one: { municipality: string }) => one.municipality),
      ['615', '657', '661', '730'],
    );
    t.same(whole.included[1].pins, [{ domain: 'borger', revision: 1, openErrors: true }]);
    t.equal(whole.missing.length, 94);
    t.equal((await get('/v1/releases/borger-9')).json().code, 'not-found');
    for (const url of ['/v1/releases/borger-1', '/v1/releases?domain=borger']) {
      const seen = await get(url, { as: null });
      t.equal(seen.statusCode, 200, 'the operator follows what it requested');
      t.equal((await get(url, { headers: { 'if-none-match': seen.headers.etag } })).statusCode, 304, url);
      t.equal((await get(url, { scopes: ['raw-data:read'] })).json().code, 'scope-missing');
    }
    t.equal((await get('/v1/releases/borger-1/values', { as: null })).json().code, 'scope-missing');
    t.match((await get('/v1/releases?domain=borger')).json(), { items: [{ releaseId: 'borger-1' }], next: null });
  });

  await t.test('values', async (t) => {
    const start = performance.now();
    while ((await get('/v1/key-figures/BO05/values')).statusCode === 404)
      if (performance.now() - start > 2_000) throw new Error('a release is seen within a second');
    const answer = await get('/v1/key-figures/BO05/values?group=7-by&from=2025&to=2025');
    t.equal(answer.statusCode, 200);
    const { items, release, next, keyFigure } = answer.json();
    t.equal(release.releaseId, 'borger-1');
    t.equal(keyFigure.title, 'Andel 80+');
    t.same(
      items.map((item: { municipality: string }) => item.municipality),
      sevenBy,
    );
    t.same(
      items.slice(0, 5).map((item: Record<string, unknown>) => [item.numerator, item.value, item.status, item.reason]),
      [
        [100, 10, 'ok', null],
        [100, 12.5, 'unvalidated', 'open-errors'],
        [null, null, 'missing', 'age-bands'],
        [100, 5, 'ok', null],
        [null, null, 'missing', 'no-data'],
      ],
    );
    t.equal(next, null);
    const etag = answer.headers.etag as string;
    const again = await get('/v1/key-figures/BO05/values?to=2025&from=2025&group=7-by', {
      headers: { 'if-none-match': etag },
    });
    t.equal(again.statusCode, 304, 'the order of parameters does not matter');
    const english = await get('/v1/key-figures/BO05/values?municipality=615', { headers: { 'accept-language': 'en' } });
    t.equal(english.json().keyFigure.title, 'Share aged 80+');
    const csv = await get('/v1/key-figures/BO05/values?municipality=615,657&municipality=661&format=csv');
    t.same(
      csv.body
        .split('\n')
        .slice(1)
        .map((line: string) => line.split(',').slice(3).join(',')),
      [
        '615,2025-03,"",100,1000,10.0,ok,',
        '657,2025-03,"",100,800,12.5,unvalidated,open-errors',
        '661,2025-03,"",,,,missing,age-bands',
        '',
      ],
    );
    const both = 'release=borger-1&asOf=2999-01-01T00:00:00Z';
    const compared = await get(`/v1/key-figures/BO05/benchmark?group=7-by&period=2025-03&${both}`);
    t.equal(compared.json().code, 'invalid-request');
    const faults = [
      both,
      'municipality=001',
      'group=nix',
      'from=abc',
      'breakdown=koen',
      'asOf=2025',
      'nix=1',
      'limit=0',
    ];
    for (const query of faults) {
      const refused = await get(`/v1/key-figures/BO05/values?${query}`);
      t.match(refused.json(), { code: 'invalid-request', faults: [{}] }, query);
    }
    t.equal((await get('/v1/key-figures/BO05/values?cursor=abc')).json().code, 'invalid-cursor');
    t.equal((await get('/v1/key-figures/NIX/values')).json().code, 'not-found');
    t.equal((await get('/v1/key-figures/BO05/values?asOf=2020-01-01T00:00:00Z')).json().code, 'no-release');
  });

  await t.test('paging is not torn by a new release', async (t) => {
    const seen: string[] = [];
    let url: string | null = '/v1/key-figures/BO05/values?limit=40';
    let pages = 0;
    while (url !== null) {
      const page: LightMyRequestResponse = await get(url.replace(ORIGIN, ''));
      seen.push(...page.json().items.map((item: { municipality: string }) => item.municipality));
      url = page.json().next;
      t.equal(page.headers.link, url === null ? undefined : `<${url}>; rel="next"`);
      t.ok(url === null || url.startsWith(`${ORIGIN}/v1/key-figures/BO05/values?release=borger-1&`));
      pages += 1;
      if (pages === 1) {
        await scene.deliver('615', 'borger', { 'bor_befolkning/2025': year('2025-03', 800, 200) });
        await scene.release('borger');
      }
      t.equal(page.json().release.releaseId, 'borger-1');
    }
    t.same(
      seen,
      scene.deps.catalogue.municipalities
        .filter((one) => !one.synthetic)
        .map(({ code }) => code)
        .sort(),
    );
    t.equal(pages, 3);
    const newest = async () => (await get('/v1/key-figures/BO05/values?municipality=615')).json();
    for (const start = performance.now(); (await newest()).release.releaseId !== 'borger-2'; )
      if (performance.now() - start > 2_000) throw new Error('a new release is seen within a second');
    t.match(await newest(), {
      release: { releaseId: 'borger-2' },
      items: [{ value: 20 }],
    });
    const asOf = encodeURIComponent((await get('/v1/releases/borger-1')).json().publishedAt.replace(/Z$/, '999Z'));
    const old = await get(`/v1/key-figures/BO05/values?municipality=615&asOf=${asOf}`);
    t.match(old.json(), { release: { releaseId: 'borger-1' }, items: [{ value: 10 }] });
  });

  await t.test('benchmark', async (t) => {
    const url = '/v1/key-figures/BO05/benchmark?group=7-by&period=2025-03&release=borger-1';
    t.match((await get(url)).json(), {
      own: { municipality: '615', value: 10, status: 'ok', rank: 2 },
      statistics: {
        weightedMean: 7.9,
        sum: null,
        mean: 9.2,
        minimum: 5,
        lowerQuartile: 7.5,
        median: 10,
        upperQuartile: 11.3,
        maximum: 12.5,
      },
      contributing: 3,
      leftOut: [
        { municipality: '661', status: 'missing', reason: 'age-bands' },
        { municipality: '740', reason: 'no-data' },
        { municipality: '779' },
        { municipality: '791' },
      ],
      ranking: [
        { municipality: '657', rank: 1 },
        { municipality: '615', rank: 2 },
        { municipality: '730', rank: 3 },
      ],
    });
    const other = (await get(url, { as: '101' })).json();
    t.match(other.own, { municipality: '101', value: null, status: 'missing', rank: null });
    const population = '/v1/key-figures/BO06/benchmark?group=landet&period=2025-03&release=borger-1';
    t.match((await get(population)).json(), { statistics: { sum: 3810, weightedMean: null }, contributing: 4 });
    const csv = await get(`${population}&format=csv`);
    t.equal(csv.body.split('\n').length, 3);
    t.equal((await get('/v1/key-figures/BO05/benchmark?group=7-by&period=2025')).json().code, 'invalid-request');
  });

  await t.test('own values are the newest and leave a trace', async (t) => {
    await scene.deliver('615', 'borger', { 'bor_befolkning/2025': year('2025-03', 700, 300) });
    const before = (await get('/v1/key-figures/BO05/own-values')).json();
    t.match(before, {
      basis: [{ domain: 'borger', revision: 2, newestRevision: 3 }],
      items: [{ value: 20 }],
      next: null,
    });
    await scene.compute('615', 'borger');
    const after = await get('/v1/key-figures/BO05/own-values?from=2025-03&to=2025Q1&format=csv');
    t.equal(after.body.split('\n')[1], 'BO05,borger:3,2025-03,"",300,1000,30.0,ok,');
    t.same((await get('/v1/key-figures/BO05/own-values', { as: '101' })).json().items, [], 'nobody else’s');
    const audit = await scene.rows('615', `select operation, object from audit_entry`);
    t.same(audit.length, 2);
    t.match(audit[0], { operation: 'listOwnValues', object: { keyFigure: 'BO05', cells: 1 } });
  });

  await t.test('pages of own values rest on one revision', async (t) => {
    const months = (of: number) => ['2025-03', '2025-04', '2025-05'].flatMap((month) => year(month, of, 100));
    await scene.deliver('657', 'borger', { 'bor_befolkning/2025': months(900) });
    await scene.compute('657', 'borger');
    const own = async (url: string) => (await get(url.replace(ORIGIN, ''), { as: '657' })).json();
    const first = await own('/v1/key-figures/BO06/own-values?limit=1');
    t.match(first, { basis: [{ revision: 2, openErrors: true }], items: [{ value: 1000 }] });
    await scene.deliver('657', 'borger', { 'bor_befolkning/2025': months(500).slice(0, 4) });
    await scene.rows(
      '657',
      `insert into rule_result (municipality_code, domain, rule, table_name, period, revision, severity, count)
       values ('657', 'borger', 'DQ', 'bor_befolkning', '2025', 3, 'error', 0)`,
    );
    await scene.compute('657', 'borger');
    const second = await own(first.next);
    t.match(second, {
      basis: [{ revision: 2, newestRevision: 3, openErrors: true }],
      items: [{ period: '2025-04', value: 1000, status: 'unvalidated' }],
    });
    const third = await own(second.next);
    t.match(third, { basis: [{ revision: 2 }], items: [{ period: '2025-05', value: 1000 }], next: null });
    t.match(await own('/v1/key-figures/BO06/own-values'), {
      basis: [{ revision: 3, openErrors: false }],
      items: [{ value: 600 }, { value: 600 }],
    });
    const [period = '', breakdown = '', basis = ''] = decodeCursor(
      new URL(first.next).searchParams.get('cursor') ?? '',
      3,
    );
    for (const other of [basis.replace(' 2 ', ' 9 '), basis.replace(' 2 ', ' x '), basis.slice(0, -1), '']) {
      const cursor = encodeCursor([period, breakdown, other]);
      t.equal((await own(`/v1/key-figures/BO06/own-values?cursor=${cursor}`)).code, 'invalid-cursor', other);
    }
  });

  await t.test('a whole release', async (t) => {
    const csv = await get('/v1/releases/borger-1/values');
    const lines = csv.body.trimEnd().split('\n');
    t.ok(lines.includes('borger-1,BO05,2025-03,"",615,100,1000,10.0,ok,'));
    const cells = await scene.worker.query(
      `select count(*) as count from released_value where release_id = 'borger-1'`,
    );
    t.equal(lines.length - 1, Number(cells.rows[0].count));
    const unchanged = { 'if-none-match': csv.headers.etag as string };
    t.equal((await get('/v1/releases/borger-1/values', { headers: unchanged })).statusCode, 304);
    t.equal((await get('/v1/releases/borger-9/values')).json().code, 'no-release');
  });

  await t.test('the list of releases pages', async (t) => {
    const first = (await get('/v1/releases?limit=1')).json();
    t.match(first, { items: [{ releaseId: 'borger-2', state: 'published' }] });
    const second = (await get(first.next.replace(ORIGIN, ''))).json();
    t.match(second, { items: [{ releaseId: 'borger-1', note: 'prøve' }], next: null });
    t.same((await get('/v1/releases?domain=skole')).json(), { items: [], next: null });
  });

  await t.test('the operator’s writes and everybody’s reads are on record', async (t) => {
    await get.reads.flush();
    await get('/v1/key-figures/BO06/values', { as: '791' });
    await get('/v1/key-figures/BO06/benchmark?group=7-by&period=2025-03', { as: '791' });
    await get('/v1/key-figures/BO06/values', { as: '657' });
    await get('/v1/key-figures/BO06/own-values', { as: '791' });
    await get('/v1/releases/borger-1/values', { as: '791' });
    await get.reads.flush();
    await get.reads.flush();
    const owner = createPool({
      url: scene.database.ownerUrl,
      max: 1,
      statementTimeout: 9_000,
      applicationName: 'test',
      context: TEST_CONTEXT,
    });
    t.teardown(() => owner.end());
    const { rows } = await owner.query(
      `select client_id, reader, object, reads, minute <= now() and minute > now() - interval '2 minutes' as now from released_read
       where entry > (select max(entry) - 3 from released_read) order by object, reader`,
    );
    t.same(
      rows.map((row) => Object.values(row)),
      [
        ['client', '657', 'BO06', 1, true],
        ['client', '791', 'BO06', 2, true],
        ['client', '791', 'borger-1', 1, true],
      ],
    );
    const audit = await owner.query(
      `select client_id, operation, object from operator_audit_entry order by entry limit 2`,
    );
    t.match(audit.rows, [
      { client_id: 'client', operation: 'createRelease', object: { release: 'borger-1', domain: 'borger' } },
      { client_id: 'worker', operation: 'publishRelease', object: { release: 'borger-1', domain: 'borger' } },
    ]);
    const told = await owner.query('select type, domain, data from nationwide_event');
    t.same(told.rows[0], { type: 'release.published', domain: 'borger', data: { release: 'borger-1' } });
    for (const table of ['released_read', 'operator_audit_entry'])
      await t.rejects(scene.api.query(`select from ${table}`), { code: '42501' }, 'the api reads neither');
  });

  await t.test('nobody can change what is published', async (t) => {
    for (const pool of [scene.api, scene.worker]) {
      await t.rejects(pool.query(`update released_value set value = 0`), { code: '42501' });
      await t.rejects(pool.query(`delete from released_value`), { code: '42501' });
    }
  });
});
