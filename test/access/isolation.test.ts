// Isolation, generated over every route of the running app: for a caller of another municipality, or of none, what belongs to a municipality
// is byte for byte what does not exist; nothing of it is in any answer, and nothing of it changes.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import t, { type Test } from 'tap';
import { declaredTables } from '../../db/schema/index.ts';
import { SCOPES, type Scope } from '../../src/access/index.ts';
import { formulasHashOf } from '../../src/pipeline/keyfigures/formulas/rules.ts';
import { type Caller, startService } from '../harness/service.ts';
import { addressOf, askRoute, OTHER, type Route, randomIds, routes, type Seen } from './every-route.ts';
import { plantMunicipality } from './plant-municipality.ts';

const OWN = '615';
const PERIODS = { year: '2025', quarter: '2025Q1', month: '2025-01', schoolYear: '2024-2025' };

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
  const ask = async (route: Route, address: string, caller: Caller | null, key: string) =>
    askRoute(service, route, address, caller === null ? undefined : `Bearer ${await service.token(caller)}`, key);
  const figure = service.api.deps.catalogue.keyFigure('BO06');
  if (figure === undefined) throw new Error('key figure BO06 is gone');
  const hash = formulasHashOf(service.api.deps.catalogue.formulas(figure.domain));
  const { id, version } = figure.numerator;
  const formula = { id, version, period: PERIODS[figure.level], hash };
  const planted = await plantMunicipality(client, OTHER, formula, service.config.rootSecret);
  const { canary, clientId } = planted;
  const every = (Object.keys(SCOPES) as Scope[]).filter((scope) => scope !== 'operator');
  const tenantRoutes = routes.filter(({ scope }) => scope !== 'public');
  t.ok(tenantRoutes.length >= 18, `${routes.length} routes, ${tenantRoutes.length} of them with a scope`);

  await t.test('its own municipality sees the planted things, or the rest would prove nothing', async (t) => {
    const shows: string[] = [];
    for (const route of routes.filter(({ method }) => method === 'GET')) {
      const seen = await ask(route, addressOf(route, planted), { municipality: OTHER, clientId }, 'x');
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
      'listMandates',
      'getMandate',
      'getAuditReview',
      'getAccessRequest',
      'listSubscriptions',
      'getSubscription',
      'listDeliveries',
      'getDelivery',
      'getDeliveryFile',
      'listEvents',
      'listWebhooks',
      'getWebhook',
      'listWebhookAttempts',
      'getCalendar',
      'listCalendarFeeds',
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
        const real = await ask(route, addressOf(route, ids), caller, planted.idempotencyKey);
        checkNoCanary(t, real, label);
        if (route.scope === 'public') continue;
        const asksAboutItself = route.scope === 'any' && real.status !== 401;
        t.match(
          String(real.status),
          statuses[asksAboutItself ? 'whoever asks about itself' : isOwn ? `${name}, on its own routes` : name],
          `${label} answers ${real.status}`,
        );
        const random = await ask(route, addressOf(route, randomIds()), caller, randomUUID());
        if (
          /(source-deliveries|packages|revisions|clients|access-keys|mandates|access-requests|subscriptions|webhooks|deliveries|calendar-feeds)\/\{/.test(
            route.path,
          )
        ) {
          t.same(real, random, `${label} is the same as for an id of nobody`);
          if (name === 'another municipality') t.equal(real.status, 404, `${label} does not exist`);
        }
      }
    });
  }

  function checkNoCanary(t: Test, { headers, body }: Seen, label: string): void {
    t.notOk(`${headers}${body}`.includes(canary) || body.includes('987654321'), `${label} shows nothing`);
    const ids = [planted.openDelivery, planted.acceptedDelivery, planted.packageId, planted.registeredClient];
    for (const id of [
      ...ids,
      planted.accessKey,
      planted.mandate,
      planted.accessRequest,
      planted.subscription,
      planted.webhook,
      planted.delivery,
      planted.calendarFeed,
    ])
      t.notOk(body.includes(id), `${label} names nothing`);
  }

  await t.test('nothing of it was changed, and the log names none of it', async (t) => {
    t.same(await stateOf(client, OTHER), before);
    t.ok(lines.length > 100);
    t.notMatch(lines.join(''), /canary-|987654321/);
    for (const id of [planted.openDelivery, planted.packageId, planted.accessRequest])
      t.notOk(lines.join('').includes(id));
  });
});
