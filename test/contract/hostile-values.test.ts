// Values that no sender should send, in every parameter and every text of every body: they are refused, and the refusal names the place in one way.
import t from 'tap';
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

const UUID = '6f1c9f0a-52b7-4a52-8a3e-0f8a54a1a4de';
const HOSTILE = [
  '\u0000',
  'a\u0000b',
  'klassetrin=\u0000',
  'klassetrin=3\u0085',
  `urn:uuid:${UUID}`,
  '2016-12-31T23:59:60Z',
  '2016-12-31t23:59:59.9+01',
  '99999999999999999999',
  '\ud800',
  "'",
];
const SOUND: Readonly<Record<string, string>> = {
  domain: 'borger',
  table: 'bor_befolkning',
  group: 'landet',
  period: '2025-01',
  month: '2025-01',
  since: '0',
  revision: '1',
  name: 'bor_befolkning.csv.gz',
};
const IDS: Readonly<Record<string, string>> = {
  '/v1/key-figures': 'BO06',
  '/v1/releases': 'borger-1',
  '/v1/clients': '615.0000000000000000',
  '/v1/access-keys': '0000000000000000',
  '/v1/calendar-feeds': '0000000000000000',
};
/** The codes of refusals that depend on the caller alone. */
const CLOSED = /"code":"(?:scope-missing|municipality-required)"/;
const PLACE = /^(?:query|params|headers|body|request)(?:\/|$)/;

t.test('no value of a parameter or a body is more than the service can answer', async (t) => {
  const service = await startService(t, { withoutWorker: true });
  const callers: Caller[] = [{}, { municipality: null }];
  const faults: string[] = [];
  let asked = 0;
  /** Whom an operation is closed to, whatever it is asked: they are refused before any value is looked at. */
  const closed = new Set<string>();
  const ask = async (label: string, method: string, address: string, body?: unknown, refused = false) => {
    for (const caller of callers) {
      const asking = `${label.split(' ')[0]} ${JSON.stringify(caller)}`;
      if (closed.has(asking)) continue;
      const response = await service.call(method, address, {
        caller,
        ...(body === undefined ? {} : { body }),
      });
      const text = await response.text();
      asked += 1;
      if (CLOSED.test(text)) closed.add(asking);
      if (response.status >= 500 || (refused && ![400, 403].includes(response.status)))
        faults.push(`${label}: ${response.status}`);
      for (const { place } of response.status === 400 ? (JSON.parse(text).faults ?? []) : []) {
        if (!PLACE.test(place)) faults.push(`${label}: place ${place}`);
      }
    }
  };
  for (const { path, method, operationId, parameters = [], requestBody } of operations) {
    const sound = (name: string) =>
      name === 'id'
        ? (Object.entries(IDS).find(([start]) => path.startsWith(start))?.[1] ?? UUID)
        : (SOUND[name] ?? 'x');
    const addressWith = (changed: string, value: string) => {
      const filled = path.replace(/\{(\w+)\}/g, (_, name) => encode(name === changed ? value : sound(name)));
      const query = parameters.filter((each) => each.in === 'query' && (each.required || each.name === changed));
      return `${filled}?${query.map(({ name }) => `${name}=${encode(name === changed ? value : sound(name))}`).join('&')}`;
    };
    const media = requestBody?.content['application/json'];
    const example = (media?.example ?? media?.schema.examples?.[0]) as Record<string, unknown> | undefined;
    for (const value of HOSTILE) {
      for (const { name, in: part } of parameters.filter((each) => each.in !== 'header')) {
        const label = `${operationId} ${name}=${JSON.stringify(value)}`;
        await ask(
          label,
          method,
          addressWith(name, value),
          example,
          part === 'query' && name !== 'cursor' && value.includes('\u0000'),
        );
      }
      for (const name of [...Object.keys(example ?? {}), 'asOf', 'note'].filter(() => example !== undefined))
        await ask(`${operationId} body/${name}=${JSON.stringify(value)}`, method, addressWith('', ''), {
          ...example,
          [name]: value,
        });
    }
  }
  t.strictSame(faults, []);
  t.ok(asked > 1000, `${asked} requests`);
});

/** Percent-encoding that takes half a surrogate pair too. */
function encode(value: string): string {
  return value.isWellFormed() ? encodeURIComponent(value) : '%ED%A0%80';
}

t.test('a leap second is the second after it', async (t) => {
  const service = await startService(t, { withoutWorker: true });
  const answers = await Promise.all(
    ['2016-12-31T23:59:60Z', '2017-01-01T00:59:60+01:00', '2016-12-31t23:59:59z', '2016-12-31T23:59:59+00'].map(
      (time) => service.call('GET', `/v1/revisions?domain=borger&asOf=${encodeURIComponent(time)}`),
    ),
  );
  t.strictSame(
    answers.map(({ status }) => status),
    [200, 200, 200, 200],
  );
});
