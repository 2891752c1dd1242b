// The service with population data of two years, and short ways to deliver, order packages and fetch files over HTTP.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestScope } from '../harness/database.ts';
import { type Caller, type ServiceOptions, startService } from '../harness/service.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
export type Json = any;

export interface Fetched {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  readonly json: Json;
}

const POPULATION_HEADER =
  'kommunekode,maaned,koen,alder_fra,alder_til,civilstand,herkomst,statsborgerskab,distrikt,antal';
const EVENT_HEADER = 'kommunekode,cpr,haendelse,dato,fra_kommune,til_kommune,alder';

/** A row of bor_befolkning: everybody of one age in a month. */
export const people = (month: string, age: number, count: number) =>
  `615,${month},ialt,${age},${age},ialt,ialt,ialt,ialt,${count}`;

/** A birth; the day above 60 makes it a replacement number, which no person has. */
export const birth = (serial: number, date: string) =>
  `615,61019000${String(serial).padStart(2, '0')},foedt,${date},,,0`;

/** A client of the municipality without the right to CPR numbers. */
const CLIENT: Caller = {
  municipality: '615',
  clientId: 'bi-system',
  scopes: ['raw-data:read', 'source:write', 'source:read'],
};

export async function startScene(t: TestScope, options: ServiceOptions = {}) {
  const flis = await startService(t, options);

  const fetchAs = async (caller: Caller, method: string, path: string, options: Json = {}): Promise<Fetched> => {
    const address = path.startsWith('https://flis.example') ? path.slice('https://flis.example'.length) : path;
    const answer = await flis.call(method, address, { caller, ...options });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const isJson = /json/.test(answer.headers.get('content-type') ?? '');
    return {
      status: answer.status,
      headers: answer.headers,
      bytes,
      json: isJson && bytes.length > 0 ? JSON.parse(bytes.toString()) : undefined,
    };
  };
  const call = (method: string, path: string, options: Json = {}) => fetchAs(CLIENT, method, path, options);

  const until = async (path: string, done: (body: Json) => boolean): Promise<Json> => {
    for (let tries = 0; tries < 1500; tries += 1) {
      const { json } = await call('GET', path);
      if (done(json)) return json;
      await delay(20);
    }
    throw new Error(`${path} did not come to an end`);
  };

  /** Delivers both years in whole and waits for the revision. */
  const deliver = async (population: readonly string[], events: readonly string[]): Promise<number> => {
    const body = { domain: 'borger', kind: 'total', sourceSystem: 'cpr', periodFrom: '2024-01', periodTo: '2025-12' };
    const created = await call('POST', '/v1/source-deliveries', { body });
    const address = `/v1/source-deliveries/${created.json.id}`;
    const files = { bor_befolkning: [POPULATION_HEADER, ...population], bor_bevaegelse: [EVENT_HEADER, ...events] };
    for (const [table, lines] of Object.entries(files)) {
      const headers = { 'content-type': 'text/csv' };
      const put = await call('PUT', `${address}/files/${table}`, { headers, body: `${lines.join('\n')}\n` });
      if (put.status !== 201) throw new Error(put.bytes.toString());
    }
    await call('POST', `${address}/submit`);
    const ended = await until(address, ({ state }) => ['accepted', 'rejected', 'failed'].includes(state));
    if (ended.state !== 'accepted')
      throw new Error(JSON.stringify([ended, (await call('GET', `${address}/findings`)).json]));
    return ended.revision;
  };

  const order = (body: object, key: string | undefined = undefined) =>
    call('POST', '/v1/packages', { body, ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }) });

  /** Orders a package and waits until it is ready. @returns its manifest */
  const build = async (body: object): Promise<Json> => {
    const { status, json } = await order(body, randomUUID());
    if (status !== 201 && status !== 202) throw new Error(JSON.stringify(json));
    return until(`/v1/packages/${json.id}`, ({ state }) => state !== 'building');
  };

  return { flis, call, fetchAs, deliver, order, build, until };
}
