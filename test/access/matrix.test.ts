// The matrix of who may do what: every kind of caller × every operation, on things of one municipality, as the statuses that are really answered. It is
// compared with matrix.txt, which is reviewed by reading its difference; `FLIS_WRITE_MATRIX=1` writes it anew. What a caller has no part in is, byte for
// byte, what does not exist; and nothing of it is in a cache or a queue.
import { readFile, writeFile } from 'node:fs/promises';
import pg from 'pg';
import t from 'tap';
import { formulasHashOf } from '../../src/pipeline/keyfigures/formulas/rules.ts';
import { startRedis, textsIn } from '../harness/redis.ts';
import { startService } from '../harness/service.ts';
import { skipWithout } from '../harness/skip-without.ts';
import { type KnownCaller, makeCallers } from './callers.ts';
import { addressOf, askRoute, OTHER, type Route, randomIds, routes, SCHEMA_CHANGE } from './every-route.ts';
import { plantMunicipality } from './plant-municipality.ts';

const FILE = new URL('matrix.txt', import.meta.url);
/** Ids in a path that belong to a municipality. */
const OWNED =
  /(source-deliveries|packages|revisions|clients|access-keys|mandates|access-requests|subscriptions|webhooks|deliveries|calendar-feeds)\/\{/;
/** Ten digits on their own, as a CPR number is written. */
const TEN_DIGITS = /(?<![0-9a-f-])[0-3][0-9][01][0-9]{7}(?![0-9a-f])/;

function matrixText(callers: readonly KnownCaller[], cells: ReadonlyMap<string, readonly number[]>): string {
  const names = callers.map(({ name }, index) => `${String(index + 1).padStart(2)}  ${name}`);
  const width = Math.max(...[...cells.keys()].map((operation) => operation.length)) + 2;
  const head = `${''.padEnd(width)}${callers.map((_, index) => String(index + 1).padStart(4)).join('')}`;
  const rows = [...cells].map(
    ([operation, statuses]) =>
      `${operation.padEnd(width)}${statuses.map((status) => String(status).padStart(4)).join('')}`,
  );
  return [
    `Statuses by caller and operation. Ids in paths are things of municipality ${OTHER}; "own" means of ${OTHER}.`,
    '',
    ...names,
    '',
    head,
    ...rows,
    '',
  ].join('\n');
}

t.test('the matrix of callers and operations', { skip: skipWithout('redis-server') }, async (t) => {
  const redis = await startRedis(t);
  const lines: string[] = [];
  const service = await startService(t, {
    withoutWorker: true,
    settings: { FLIS_REDIS_URL: redis.url },
    logTo: { write: (line) => void lines.push(line) },
  });
  const worker = await service.startWorker();
  const owner = new pg.Client({ connectionString: service.database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());
  const callers = await makeCallers(service);
  // Jobs would change from moment to moment what is answered.
  await worker.stop();
  const figure = service.api.deps.catalogue.keyFigure('BO06');
  if (figure === undefined) throw new Error('key figure BO06 is gone');
  const hash = formulasHashOf(service.api.deps.catalogue.formulas(figure.domain));
  const { id, version } = figure.numerator;
  const planted = await plantMunicipality(
    owner,
    OTHER,
    { id, version, period: '2025-01', hash },
    service.api.deps.secrets.rootSecret,
  );
  // What is released to everybody, so that there is something to be cached.
  await owner.query(
    `insert into release (release_id, domain, number, state, published_at, requested_by) values ('borger-1', 'borger', 1, 'published', now(), 'x')`,
  );
  await owner.query(
    `insert into released_value (release_id, key_figure, period, breakdown, municipality_code, value, status) values ('borger-1', 'BO06', '2025-01', '', '615', 95000, 'ok')`,
  );
  await owner.query(
    `insert into schema_change (schema_change_id, table_name, domain, effective_on, columns, description_da, description_en, announced_at, announced_by)
     values ($1, 'bor_bevaegelse', 'borger', '2031-01-01', '[{"column": "alder", "change": "removed", "type": null}]', 'x', 'x', now(), 'x')`,
    [SCHEMA_CHANGE],
  );
  const cells = new Map<string, number[]>(routes.map(({ method, path }) => [`${method} ${path}`, []]));

  for (const caller of callers) {
    await t.test(caller.name, async (t) => {
      for (const route of routes) {
        const label = `${route.method} ${route.path}`;
        const real = await askRoute(
          service,
          route,
          addressOf(route, planted),
          caller.authorization,
          planted.idempotencyKey,
        );
        cells.get(label)?.push(real.status);
        if (caller.isOwn || mayOperate(caller, route)) continue;
        t.notOk(`${real.headers}${real.body}`.includes(planted.canary), `${label} shows nothing`);
        t.notMatch(real.body, /987654321/, `${label} shows no value`);
        if (!OWNED.test(route.path)) continue;
        const nobodys = await askRoute(service, route, addressOf(route, randomIds()), caller.authorization, 'x');
        t.same(real, nobodys, `${label} is the same as for an id of nobody`);
      }
    });
  }

  await t.test('is as it was reviewed', async (t) => {
    const text = matrixText(callers, cells);
    if (process.env.FLIS_WRITE_MATRIX === '1') await writeFile(FILE, text);
    t.equal(text, await readFile(FILE, 'utf8'));
    t.comment(`${cells.size} operations × ${callers.length} callers = ${cells.size * callers.length} cells`);
    const open = [...cells].filter(([, statuses]) => (statuses[0] ?? 0) < 400).map(([operation]) => operation);
    t.ok(
      open.every((operation) => !OWNED.test(operation)),
      'nothing of a municipality is open to whoever has no token',
    );
  });

  await t.test('no cache and no queue holds any of it', async (t) => {
    const texts = await textsIn(redis.client);
    t.ok(texts.length > 0, `${texts.length} keys in Redis`);
    const { rows } = await owner.query<{ text: string }>('select j::text as text from pgboss.job j');
    t.ok(rows.length > 0, `${rows.length} jobs`);
    for (const text of [...texts, ...rows.map((row) => row.text)]) {
      t.notOk(text.includes(planted.canary) || text.includes('987654321'), 'no canary');
      t.notMatch(text, TEN_DIGITS, 'no CPR number');
    }
    t.notMatch(lines.join('').replace(/"time":[0-9]+/g, ''), TEN_DIGITS, 'nor does the log');
    t.notMatch(lines.join(''), new RegExp(planted.canary));
  });

  /** The operator administers every municipality's clients. */
  function mayOperate(caller: KnownCaller, { path }: Route): boolean {
    return caller.name === 'the operator' && path.startsWith('/v1/clients');
  }
});
