// The catalogue over HTTP: every route without a token, in both languages, as its own schema says.
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { pino } from 'pino';
import t from 'tap';
import { registerAccess } from '../../src/access/index.ts';
import { registerCatalogueRoutes } from '../../src/catalogue/index.ts';
import * as schemas from '../../src/catalogue/schemas.ts';
import { keyFigureListSchema, keyFigureSchema } from '../../src/catalogue/schemas-key-figures.ts';
import { tableListSchema, tableSchema } from '../../src/catalogue/schemas-tables.ts';
import { loadCatalogue } from '../../src/domains/index.ts';
import { createHttpApp } from '../../src/platform/http/app.ts';

const catalogue = await loadCatalogue();
const app = createHttpApp({
  publicOrigin: 'http://flis.example',
  logger: pino({ level: 'silent' }),
  requestTimeout: 30_000,
  maxConnections: 10,
});
// The routes are public: a verifier or a limiter that is asked for anything at all is a fault.
registerAccess(
  app,
  { known: () => t.fail('no token is looked at'), verify: () => t.fail('no token is looked at') } as never,
  { spendNow: () => t.fail('nothing is counted') } as never,
);
registerCatalogueRoutes(app, {
  catalogue,
  readCapabilities: async () =>
    new Map(catalogue.domains.map(({ id, frequencies }) => [id, { frequencies, planned: [] }])),
});
t.before(() => app.ready());
t.teardown(() => app.close());

const get = (url: string, headers: Record<string, string> = {}) =>
  app.inject({ method: 'GET', url, headers: { host: 'flis.example', ...headers } });

const ajv = new Ajv.default({ strict: false, allErrors: true });
addFormats.default(ajv);
/** Additional members would be undocumented, so the schemas are closed for the comparison. */
function close(schema: object): object {
  return JSON.parse(JSON.stringify(schema), (_, value) =>
    value?.type === 'object' && value.properties !== undefined ? { ...value, additionalProperties: false } : value,
  );
}

const tables = catalogue.domains.flatMap((domain) => domain.tables);
const keyFigures = catalogue.domains.flatMap((domain) => domain.keyFigures);
const ROUTES: readonly (readonly [url: string, schema: object])[] = [
  ['/v1/domains', schemas.domainListSchema],
  ['/v1/municipalities', schemas.municipalityListSchema],
  ['/v1/groups', schemas.groupListSchema],
  ['/v1/rules', schemas.ruleListSchema],
  ['/v1/key-figures', keyFigureListSchema],
  ...catalogue.domains.map(({ id }) => [`/v1/domains/${id}`, schemas.domainSchema] as const),
  ...catalogue.domains.map(({ id }) => [`/v1/domains/${id}/tables`, tableListSchema] as const),
  ...tables.map(({ name }) => [`/v1/tables/${name}`, tableSchema] as const),
  ...keyFigures.map(({ id }) => [`/v1/key-figures/${id}`, keyFigureSchema] as const),
];

t.test('every answer is as documented, and so are the examples', async (t) => {
  for (const [url, schema] of ROUTES) {
    const validate = ajv.compile(close(schema));
    for (const language of ['da', 'en']) {
      const answer = await get(url, { 'accept-language': language });
      t.equal(answer.statusCode, 200, url);
      t.equal(answer.headers['content-language'], language);
      t.ok(validate(answer.json()), `${language} ${url}`, { errors: validate.errors });
    }
    for (const example of (schema as { examples: unknown[] }).examples) t.ok(validate(example), `example of ${url}`);
  }
});

t.test('texts follow Accept-Language, Danish first', async (t) => {
  t.match((await get('/v1/key-figures/BO05')).json(), { title: 'Andel 80+' });
  t.match((await get('/v1/key-figures/BO05', { 'accept-language': 'en-GB, da;q=0.5' })).json(), {
    title: 'Share aged 80+',
  });
  t.match((await get('/v1/groups', { 'accept-language': 'fr' })).json().items[0], { title: '7-by-netværket' });
  t.match((await get('/v1/groups')).headers, { vary: /Accept-Language/, 'cache-control': /^public/ });
});

t.test('a table tells how to deliver and how to read it', async (t) => {
  const { columns, key, period, rules } = (await get('/v1/tables/bor_bevaegelse')).json();
  const column = (name: string) => columns.find((one: { name: string }) => one.name === name);
  t.equal(columns[0].name, 'kommunekode');
  t.match(column('borger_id'), { type: 'person', sourceName: 'cpr', sensitivity: 'personal' });
  t.match(column('foedselsaar'), { sourceName: null, derivedFrom: 'birth-year', minimum: 1850 });
  t.match(column('haendelse').codeList, { id: 'haendelse', codes: [{ code: 'foedt', validFrom: null }] });
  t.strictSame(key, ['kommunekode', 'borger_id', 'haendelse', 'dato']);
  t.strictSame(period, { kind: 'year', from: 'dato' });
  t.ok(rules.every(({ table }: { table: string }) => table === 'bor_bevaegelse') && rules.length > 5);
});

t.test('a key figure tells exactly what it is', async (t) => {
  const { numerator, denominator, suppression, examples } = (
    await get('/v1/key-figures/BO05', { 'accept-language': 'en' })
  ).json();
  t.match(numerator, { id: 'bor.befolkning.80plus', tables: ['bor_befolkning'], missing: [{ reason: 'age-bands' }] });
  t.match(denominator.sql, /^select period, sum\(antal\) as value from \(select .*\) group by period$/);
  t.strictSame(suppression, { minimumCell: 0, explanation: 'Nothing is suppressed.' });
  t.match(examples[0], { value: '5.0', missing: null });
  const references = { BO01: 'formula 108', OK03: '005-0010-006-2-0-0 (eflis 9)', SK06: '100-0110-003-6-0-0 (4. kl.)' };
  for (const [id, flisReference] of Object.entries({ ...references, SK12: 'formula 72/76', SK02: null })) {
    t.match((await get(`/v1/key-figures/${id}`)).json(), { flisReference }, `${id} is named as FLIS names it`);
  }
  const explained = async (id: string) => (await get(`/v1/key-figures/${id}`)).json().suppression.explanation;
  t.match(await explained('SK04'), 'når der er 1-4 personer i tæller, nævner eller deres forskel, eller når');
  t.match(await explained('SK02'), 'når der er 1-4 personer bag den (Elever med skoledage i måneden), eller når');
  t.match(await explained('SK01'), 'bag den (Elever i 9. klasse med mindst 4 bundne prøver)');
  t.equal((await get('/v1/key-figures/BO06')).json().denominator, null);
});

t.test('lists narrow to a domain', async (t) => {
  const ids = (await get('/v1/key-figures?domain=borger')).json().items.map(({ id }: { id: string }) => id);
  t.strictSame(ids, ['BO01', 'BO02', 'BO03', 'BO04', 'BO05', 'BO06']);
  const all = (await get('/v1/rules')).json().items.length;
  const own = (await get('/v1/rules?domain=borger')).json().items;
  t.ok(own.length < all && own.every(({ domain }: { domain: string }) => domain === 'borger'));
  t.strictSame((await get('/v1/rules?domain=findes-ikke')).json(), { items: [], next: null });
});

t.test('unchanged answers cost nothing; what is not there is not found', async (t) => {
  const first = await get('/v1/municipalities');
  const again = await get('/v1/municipalities', { 'if-none-match': String(first.headers.etag) });
  t.equal(again.statusCode, 304);
  t.equal(again.body, '');
  t.not((await get('/v1/domains', { 'accept-language': 'en' })).headers.etag, (await get('/v1/domains')).headers.etag);
  for (const url of ['/v1/domains/x', '/v1/domains/x/tables', '/v1/tables/x', '/v1/key-figures/X9']) {
    const answer = await get(url);
    t.equal(answer.statusCode, 404, url);
    t.match(answer.json(), { code: 'not-found' });
  }
  for (const url of ['/v1/domains/X', '/v1/tables/a-b', '/v1/key-figures/bo05', '/v1/rules?x=1']) {
    t.match((await get(url)).json(), { code: 'invalid-request' }, url);
  }
});
