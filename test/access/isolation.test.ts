// Isolation, generated over every route of the running app: for a caller of another municipality, or of none, what belongs to a municipality
// is byte for byte what does not exist; nothing of it is in any answer, and nothing of it changes.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import t, { type Test } from 'tap';
import { declaredTables } from '../../db/schema/index.ts';
import { randomId } from '../../src/access/clients/index.ts';
import { SCOPES, type Scope } from '../../src/access/index.ts';
import { formulasHashOf } from '../../src/pipeline/keyfigures/formulas/rules.ts';
import { describeApi } from '../../src/write-openapi.ts';
import { type Caller, startService, type TestService } from '../harness/service.ts';
import { type Planted, plantMunicipality } from './plant-municipality.ts';

const OWN = '615';
const OTHER = '791';
const PERIODS = { year: '2025', quarter: '2025Q1', month: '2025-01', schoolYear: '2024-2025' };

interface Operation {
  readonly operationId: string;
  readonly security: readonly object[];
  readonly description: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: {
    readonly content: Record<string, { readonly example?: unknown; readonly schema: { examples?: unknown[] } }>;
  };
}

interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
  readonly scope: string;
  readonly isForOperators: boolean;
}

const document = JSON.parse((await describeApi()).openApi) as { paths: Record<string, Record<string, Operation>> };
const routes: Route[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, operation]) => {
    const [, scope = operation.security.length > 0 ? 'any' : 'public', orScope] =
      /Needs the scope `([^`]+)`(?: or `([^`]+)`)?\.$/.exec(operation.description) ?? [];
    const isForOperators = [scope, orScope].includes('operator');
    const route = { method: method.toUpperCase(), path, operation, scope, isForOperators };
    return route.method === 'GET' ? [route, { ...route, method: 'HEAD' }] : [route];
  }),
);

/** Ids of what belongs to the other municipality, or of what belongs to nobody. */
type Ids = Pick<
  Planted,
  'openDelivery' | 'acceptedDelivery' | 'packageId' | 'revision' | 'registeredClient' | 'accessKey'
>;

/** The address of a route with `ids` in it; shared things (domains, key figures, releases) keep one id of theirs. */
function addressOf({ path, operation, method }: Route, ids: Ids): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (path.startsWith('/v1/source-deliveries')) {
      return name === 'table'
        ? 'bor_befolkning'
        : method === 'GET' || method === 'HEAD'
          ? ids.acceptedDelivery
          : ids.openDelivery;
    }
    if (path.startsWith('/v1/packages'))
      return name === 'id' ? ids.packageId : name === 'table' ? 'bor_befolkning' : 'bor_befolkning.csv.gz';
    if (path.startsWith('/v1/clients')) return ids.registeredClient;
    if (path.startsWith('/v1/access-keys')) return ids.accessKey;
    if (name === 'revision') return String(ids.revision);
    return (
      { domain: 'borger', table: 'bor_befolkning', id: path.startsWith('/v1/releases') ? 'borger-1' : 'BO06' }[name] ??
      'x'
    );
  });
  const required = (operation.parameters ?? []).filter(
    (each) => each.in === 'query' && (each.required || each.name === 'domain' || each.name === 'since'),
  );
  const values: Record<string, string> = {
    domain: 'borger',
    since: '0',
    group: 'landet',
    period: '2025-01',
  };
  const query = required.map(({ name }) => `${name}=${values[name] ?? 'x'}`);
  return `${filled}${query.length > 0 ? `?${query.join('&')}` : ''}`;
}

const randomIds = (): Ids => ({
  openDelivery: randomUUID(),
  acceptedDelivery: randomUUID(),
  packageId: randomUUID(),
  revision: 1000 + Math.floor(Math.random() * 8000),
  registeredClient: `${OTHER}.${randomId()}`,
  accessKey: randomId(),
});

interface Seen {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

async function ask(
  service: TestService,
  route: Route,
  address: string,
  caller: Caller | null,
  key: string,
): Promise<Seen> {
  const [type, body] = Object.entries(route.operation.requestBody?.content ?? {})[0] ?? [];
  const sent =
    type === 'application/json'
      ? (body?.example ?? body?.schema.examples?.[0])
      : type === undefined
        ? undefined
        : 'kommunekode\n615\n';
  const response = await service.call(route.method, address, {
    caller,
    ...(sent === undefined ? {} : { body: sent }),
    headers: {
      ...(type === undefined ? {} : { 'content-type': type }),
      ...(route.method === 'POST' ? { 'idempotency-key': `${key}-${route.operation.operationId}` } : {}),
    },
  });
  // What is left of the caller's own limit says nothing of what was asked for.
  const headers = [...response.headers].filter(
    ([name]) => !['date', 'request-id', 'connection', 'keep-alive', 'ratelimit'].includes(name),
  );
  return { status: response.status, headers: JSON.stringify(headers), body: await response.text() };
}

/** A digest of all rows of a municipality, table by table. */
async function stateOf(client: pg.Client, municipality: string): Promise<Record<string, string>> {
  const state: Record<string, string> = {};
  for (const [name, { kind }] of declaredTables()) {
    if (kind !== 'municipal' || name === 'audit_entry') continue;
    const { rows } = await client.query(
      `select md5(coalesce(string_agg(r::text, '|' order by r::text), '')) as digest from ${name} r where municipality_code = $1`,
      [municipality],
    );
    state[name] = rows[0].digest;
  }
  return state;
}

t.test('isolation', async (t) => {
  const lines: string[] = [];
  const service = await startService(t, { withoutWorker: true, logTo: { write: (line) => void lines.push(line) } });
  const client = new pg.Client({ connectionString: service.database.ownerUrl });
  await client.connect();
  t.teardown(() => client.end());
  const figure = service.api.deps.catalogue.keyFigure('BO06');
  if (figure === undefined) throw new Error('key figure BO06 is gone');
  const hash = formulasHashOf(service.api.deps.catalogue.formulas(figure.domain));
  const { id, version } = figure.numerator;
  const formula = { id, version, period: PERIODS[figure.level], hash };
  const planted = await plantMunicipality(client, OTHER, formula);
  const { canary, clientId } = planted;
  const every = (Object.keys(SCOPES) as Scope[]).filter((scope) => scope !== 'operator');
  const tenantRoutes = routes.filter(({ scope }) => scope !== 'public');
  t.ok(tenantRoutes.length >= 18, `${routes.length} routes, ${tenantRoutes.length} of them with a scope`);

  await t.test('its own municipality sees the planted things, or the rest would prove nothing', async (t) => {
    const shows: string[] = [];
    for (const route of routes.filter(({ method }) => method === 'GET')) {
      const seen = await ask(service, route, addressOf(route, planted), { municipality: OTHER, clientId }, 'x');
      if (seen.body.includes(canary) || seen.body.includes('987654321')) shows.push(route.operation.operationId);
      if (/\{(id|revision)\}/.test(route.path) && /source-deliveries|clients|revisions\/\{revision\}$/.test(route.path))
        t.equal(seen.status, 200, route.path);
    }
    for (const id of [
      'listSourceDeliveries',
      'getSourceDelivery',
      'listFindings',
      'getPackage',
      'getPackageFile',
      'listOwnValues',
      'listClients',
      'getClient',
      'listAccessKeys',
      'listAuditLog',
    ])
      t.ok(shows.includes(id), `${id} shows it`);
  });

  const before = await stateOf(client, OTHER);
  const callers: Record<string, (route: Route) => Caller | null> = {
    'no token': () => null,
    'an expired token': () => ({ municipality: OTHER, clientId, lifetime: -60 }),
    'another municipality': () => ({ municipality: OWN, scopes: every, clientId }),
    'an operator': () => ({ municipality: null, clientId }),
    'its own token without the scope': ({ scope }) => ({
      municipality: OTHER,
      scopes: every.filter((each) => each !== scope),
      clientId,
    }),
  };
  const statuses: Record<string, RegExp> = {
    'no token': /^401$/,
    'an expired token': /^401$/,
    'another municipality': /^(200|201|202|400|403|404|409|415|422)$/,
    'an operator': /^403$/,
    'an operator, on its own routes': /^(200|201|202|404|422)$/,
    'its own token without the scope': /^403$/,
    'whoever asks about itself': /^200$/,
  };
  for (const [name, callerFor] of Object.entries(callers)) {
    await t.test(name, async (t) => {
      for (const route of routes) {
        const caller = callerFor(route);
        const label = `${route.method} ${route.path}`;
        const isOwn = name === 'an operator' && route.isForOperators;
        // The operator administers every municipality's clients: those planted are there for it to see and change.
        const ids = isOwn && route.path.startsWith('/v1/clients') ? randomIds() : planted;
        const real = await ask(service, route, addressOf(route, ids), caller, planted.idempotencyKey);
        checkNoCanary(t, real, label);
        if (route.scope === 'public') continue;
        const asksAboutItself = route.scope === 'any' && real.status !== 401;
        t.match(
          String(real.status),
          statuses[asksAboutItself ? 'whoever asks about itself' : isOwn ? `${name}, on its own routes` : name],
          `${label} answers ${real.status}`,
        );
        const random = await ask(service, route, addressOf(route, randomIds()), caller, randomUUID());
        if (/(source-deliveries|packages|revisions|clients|access-keys)\/\{/.test(route.path)) {
          t.same(real, random, `${label} is the same as for an id of nobody`);
          if (name === 'another municipality') t.equal(real.status, 404, `${label} does not exist`);
        }
      }
    });
  }

  function checkNoCanary(t: Test, { headers, body }: Seen, label: string): void {
    t.notOk(`${headers}${body}`.includes(canary) || body.includes('987654321'), `${label} shows nothing`);
    const ids = [planted.openDelivery, planted.acceptedDelivery, planted.packageId, planted.registeredClient];
    for (const id of [...ids, planted.accessKey]) t.notOk(body.includes(id), `${label} names nothing`);
  }

  await t.test('nothing of it was changed, and the log names none of it', async (t) => {
    t.same(await stateOf(client, OTHER), before);
    t.ok(lines.length > 100);
    t.notMatch(lines.join(''), /canary-|987654321/);
    for (const id of [planted.openDelivery, planted.packageId]) t.notOk(lines.join('').includes(id));
  });
});
