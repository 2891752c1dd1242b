// What breaks inside stays inside: database and storage are made to fail in every way that can be arranged from outside, every operation is asked, and
// answers and log are searched for what only the fault knew.
import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import t from 'tap';
import { declaredTables } from '../../db/schema/index.ts';
import { Problem, problemTypes } from '../../src/platform/http/problem.ts';
import { describeApi } from '../../src/write-openapi.ts';
import { type Caller, startService } from '../harness/service.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: {
    readonly content: Record<string, { readonly example?: unknown; readonly schema: { examples?: unknown[] } }>;
  };
}

const document = JSON.parse((await describeApi()).openApi) as { paths: Record<string, Record<string, Operation>> };
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
);
/** `/v1/packages/{id}` → `packages`; all that asks the database or storage. */
const familyOf = (path: string) => path.split('/')[path.startsWith('/v1/') ? 2 : 1] ?? '';

const CANARY = `canary${randomUUID().replaceAll('-', '')}`;
/** Words of PostgreSQL, Node and libraries, names of tables that no user knows, roles, and paths. */
const INSIDE = new RegExp(
  [
    ...[
      CANARY,
      'permission denied',
      'does not exist',
      'relation ',
      'syntax error',
      'violates',
      'canceling',
      'SQLSTATE',
    ],
    ...['insert into', 'select .* from', 'flis_(api|worker|system|context)', 'pgboss', 'ENOENT', 'ENOTDIR', 'EACCES'],
    ...[
      'node_modules',
      '/tmp/',
      '\\.ts\\b',
      'at Object',
      'Unexpected token',
      'is not valid JSON',
      'must have required',
    ],
    ...['accepting connections', 'terminating connection', 'ECONNREFUSED', '\\bt_[0-9a-f]{32}\\b'],
    ...[...declaredTables().keys()].filter((name) => name.includes('_')).map((name) => `\\b${name}\\b`),
  ].join('|'),
  'i',
);
/** The codes of refusals that depend on the caller alone. */
const CLOSED = /"code":"(?:scope-missing|municipality-required)"/;
const CODES = ['P0001', 'XX000', '57014', '53300', '08006', '22P02', '23505', '23503', '40001', '42501', '58030'];

/** A function of the database that fails as told, with the canary in every field that an error has. */
const failing = (
  code: string,
) => `create or replace function app.municipality() returns text language plpgsql stable as $$
  begin raise exception using errcode = '${code}', message = 'select * from ${CANARY}', detail = '${CANARY}', hint = '${CANARY}',
    table = '${CANARY}', column = '${CANARY}', constraint = '${CANARY}', schema = '${CANARY}'; end $$`;
const SOUND = `create or replace function app.municipality() returns text language sql stable parallel restricted
  return nullif((context.verified())[2], '')`;

t.setTimeout(180_000);

t.test('nothing of what breaks inside comes out', async (t) => {
  const lines: string[] = [];
  const service = await startService(t, { withoutWorker: true, logTo: { write: (line) => void lines.push(line) } });
  const owner = new pg.Client({ connectionString: service.database.ownerUrl });
  owner.on('error', () => {});
  await owner.connect();
  t.teardown(() => owner.end());
  const span = { domain: 'borger', kind: 'total', sourceSystem: 'cpr', periodFrom: '2025-01', periodTo: '2025-12' };
  const opened = await service.call('POST', '/v1/source-deliveries', {
    body: span,
    headers: { 'idempotency-key': 'a' },
  });
  const delivery = String(((await opened.json()) as { id: string }).id);
  t.equal(opened.status, 201);
  const ids: Readonly<Record<string, string>> = {
    ...{ '/v1/key-figures': 'BO06', '/v1/releases': 'borger-1', '/v1/clients': '615.0000000000000000' },
    ...{
      '/v1/access-keys': '0000000000000000',
      '/v1/calendar-feeds': '0000000000000000',
      '/v1/source-deliveries': delivery,
    },
  };
  const values: Readonly<Record<string, string>> = {
    ...{ domain: 'borger', table: 'bor_befolkning', group: 'landet', period: '2025-01', since: '0', revision: '1' },
    ...{ name: 'bor_befolkning.csv.gz' },
  };

  const addressOf = ({ path, parameters = [] }: (typeof operations)[number]) => {
    const value = (name: string) =>
      name === 'id'
        ? (Object.entries(ids).find(([start]) => path.startsWith(start))?.[1] ?? randomUUID())
        : (values[name] ?? 'x');
    const query = parameters.filter((each) => each.in === 'query' && (each.required || each.name === 'domain'));
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => value(name));
    return `${filled}?${query.map(({ name }) => `${name}=${value(name)}`).join('&')}`;
  };

  /** Whom an operation is closed to: they are refused before anything is looked up, and asked once only. */
  const closed = new Set<string>();

  /** Asks every operation; @returns how many answers of each family failed, and what was wrong with any answer */
  async function askAll(): Promise<{ failed: Record<string, number>; leaks: string[] }> {
    const failed: Record<string, number> = {};
    const leaks: string[] = [];
    for (const operation of operations) {
      const { path, method, requestBody, operationId } = operation;
      const [type, media] = Object.entries(requestBody?.content ?? {})[0] ?? [];
      const example = media?.example ?? media?.schema.examples?.[0];
      const body = type === undefined ? undefined : type === 'application/json' ? example : bodyOf(type, example);
      for (const caller of [{}, { municipality: null }] satisfies Caller[]) {
        const asking = `${operationId} ${JSON.stringify(caller)}`;
        if (closed.has(asking)) continue;
        const answer = await service.call(method, addressOf(operation), {
          caller,
          ...(body === undefined ? {} : { body }),
          headers: {
            ...(type === undefined ? {} : { 'content-type': type }),
            ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
          },
        });
        const text = await answer.text();
        if (CLOSED.test(text)) closed.add(asking);
        const said = `${text}\n${[...answer.headers].map((header) => header.join(': ')).join('\n')}`;
        const found = answer.ok ? said.includes(CANARY) && CANARY : INSIDE.exec(said)?.[0];
        if (found) leaks.push(`${operationId} ${answer.status} says ${found}`);
        if (answer.status < 500) continue;
        failed[familyOf(path)] = (failed[familyOf(path)] ?? 0) + 1;
        if (!isBare(text)) leaks.push(`${operationId} ${answer.status} says more than its code: ${text}`);
      }
    }
    return { failed, leaks };
  }

  /** Breaks something, asks everything, mends it. `families` must have failed, or the rest would prove nothing. */
  async function during(
    name: string,
    families: readonly string[],
    broken: () => Promise<unknown>,
    mend: () => Promise<unknown>,
  ) {
    await t.test(name, async (t) => {
      await broken();
      try {
        const { failed, leaks } = await askAll();
        t.strictSame(leaks, []);
        for (const family of families) t.ok((failed[family] ?? 0) > 0, `${family} failed`);
      } finally {
        await mend();
      }
    });
  }

  const STAGES = ['source-deliveries', 'revisions', 'packages', 'own-values', 'releases'].filter((name) =>
    operations.some(({ path }) => familyOf(path) === name),
  );
  const EVERY = [...STAGES, 'key-figures', 'clients', 'access-keys', 'audit-log'];
  const tables = [...declaredTables()];
  const run = (statements: readonly string[]) => async () => void (await owner.query(statements.join(';\n')));

  const before = await askAll();
  t.strictSame(before.leaks, []);
  t.strictSame(
    Object.keys(before.failed).filter((family) => family !== 'oauth2'),
    [],
    'all is well before',
  );

  await during(
    'grants that were revoked',
    EVERY,
    run(['revoke all on all tables in schema public from flis_api']),
    run(
      tables.flatMap(([name, { api }]) => (api.length > 0 ? [`grant ${api.join(', ')} on ${name} to flis_api`] : [])),
    ),
  );
  await during(
    'tables that were renamed',
    EVERY,
    run(tables.map(([name]) => `alter table ${name} rename to gone_${name}`)),
    run(tables.map(([name]) => `alter table gone_${name} rename to ${name}`)),
  );
  await during(
    'a context that cannot be verified',
    ['source-deliveries', 'revisions', 'packages'],
    run(['revoke execute on function context.verified() from flis_api']),
    run(['grant execute on function context.verified() to flis_api']),
  );
  for (const code of CODES)
    await during(
      `an error ${code} that names the canary`,
      ['22P02'].includes(code) ? [] : ['source-deliveries', 'revisions'],
      run([failing(code)]),
      run([SOUND]),
    );

  const { name } = service.database;
  const beside = new URL(service.database.ownerUrl);
  beside.pathname = '/postgres';
  const other = new pg.Client({ connectionString: beside.href });
  await other.connect();
  t.teardown(() => other.end());
  let isLocked = false;
  const cancelling = async () => {
    while (isLocked) {
      await other.query(
        `select pg_cancel_backend(pid) from pg_stat_activity where datname = $1 and usename = 'flis_api' and wait_event_type = 'Lock'`,
        [name],
      );
      await delay(5);
    }
  };
  let cancelled: Promise<void> = Promise.resolve();
  await during(
    'statements that are ended',
    EVERY,
    async () => {
      await owner.query('begin');
      await owner.query(`lock table ${tables.map(([name]) => name).join(', ')} in access exclusive mode`);
      isLocked = true;
      cancelled = cancelling();
    },
    async () => {
      isLocked = false;
      await cancelled;
      await owner.query('rollback');
    },
  );

  const { storageFolder } = service.config;
  await during(
    'storage that is not there',
    ['source-deliveries', 'readyz'],
    async () => {
      await rename(storageFolder, `${storageFolder}-gone`);
      await writeFile(storageFolder, CANARY);
    },
    async () => {
      await rm(storageFolder);
      await rename(`${storageFolder}-gone`, storageFolder);
    },
  );
  await during(
    'a database that takes no connections',
    [...EVERY, 'readyz'],
    async () => {
      await other.query(`alter database ${name} allow_connections false`);
      await other.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and usename = 'flis_api'`,
        [name],
      );
    },
    () => other.query(`alter database ${name} allow_connections true`),
  );

  t.notOk(lines.join('').includes(CANARY), 'the log names nothing of it either');
  t.ok(
    lines.some((line) => line.includes('request-failed')),
    'but tells that requests failed',
  );
});

/** Whether a body is a problem as it was declared and nothing else; `part` is what `/readyz` names, the others are OAuth's. */
function isBare(text: string): boolean {
  const { part, error, error_description, ...body } = JSON.parse(text) as Record<string, string>;
  const type = problemTypes().get(body.code ?? '');
  const isKnown = part === undefined || ['database', 'storage'].includes(part);
  const same = type !== undefined && JSON.stringify(new Problem(type).toBody()) === JSON.stringify(body);
  return same && isKnown && (error === undefined || error_description === type?.action);
}

function bodyOf(type: string, example: unknown): string {
  if (type === 'application/x-www-form-urlencoded')
    return new URLSearchParams(example as Record<string, string>).toString();
  return 'kommunekode,maaned\n615,2025-01\n';
}
