// What the runs share that break something under a whole running service: its clients, and what must be true of it in the end.
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { type Service, send, sendDelivery } from '../../src/client/index.ts';
import type { LaunchedService } from '../../src/demo/launch-service.ts';
import { untilState } from '../../src/demo/until-state.ts';
import { populationFile, YEARS } from './kill-worker.ts';
import { homeOf, readPostmaster } from './postgres-server.ts';

/** The one table of their deliveries. */
export const TABLE = 'bor_befolkning';
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What a whole round may take; a client gives up after some two minutes of refusals. */
const PATIENCE_MS = 300_000;

/** A client that may deliver, order and read for a municipality. */
export async function clientFor(service: LaunchedService, municipality: string): Promise<Service> {
  const token = await service.token({
    ...{ clientId: `breaker-${municipality}`, municipality, lifetime: 3_600 },
    scopes: ['raw-data:read', 'source:read', 'source:write'],
  });
  return { baseUrl: service.url, token, signal: AbortSignal.timeout(PATIENCE_MS) };
}

/** Orders a package with a key of its own, twice: the second answer names the first one's package. @returns its id, which is added to `orders` */
export async function order(client: Service, orders: string[]): Promise<string> {
  const request = {
    method: 'POST',
    path: '/v1/packages',
    headers: { 'idempotency-key': randomUUID() },
    json: { domain: 'borger', kind: 'total' },
  } as const;
  const { body } = await send(client, request);
  const again = await send(client, request);
  if (again.body.id !== body.id) throw new Error('an order that was repeated made another package');
  orders.push(body.id);
  return body.id;
}

/** Orders a package of what there is now and reads it to its end. @returns what went wrong */
export async function orderAndRead(client: Service, orders: string[]): Promise<string[]> {
  try {
    const id = await order(client, orders);
    await untilState(client, `/v1/packages/${id}`, ['ready']);
    return await readPackage(client, id);
  } catch (error) {
    return [`a package failed with ${(error as Error).message}`];
  }
}

/** Reads the table of a package that is ready. @returns what is wrong with it */
export async function readPackage(client: Service, id: string): Promise<string[]> {
  const { body } = await send(client, { method: 'GET', path: `/v1/packages/${id}` });
  const answer = await fetch(`${client.baseUrl}/v1/packages/${id}/files/${TABLE}.csv.gz`, {
    headers: { authorization: `Bearer ${client.token}` },
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const digest = createHash('sha256').update(bytes).digest('hex');
  const resource = body.resources.find(({ name }: { name: string }) => name === TABLE);
  const isWhole = resource.hash === `sha256:${digest}` && resource.bytes === bytes.length;
  return isWhole ? [] : [`package ${id} has other bytes`];
}

/** Each municipality has one revision of its one delivery, each order one row, and events have no gaps. */
export async function inspect(folder: string, orders: readonly string[]): Promise<string[]> {
  const home = await homeOf(folder);
  const password = await readFile(join(home, 'owner-password'), 'utf8');
  const { port } = await readPostmaster(home);
  const client = new pg.Client({ host: '127.0.0.1', port, database: 'flis', user: 'flis_owner', password });
  await client.connect();
  try {
    const { rows } = await client.query<{ problem: string }>(
      `select municipality_code || ' has ' || count(*) || ' revisions' as problem from revision
        group by municipality_code having count(*) <> 1
       union all
       select municipality_code || ' has gaps in its events' from event
        group by municipality_code having max(sequence) - min(sequence) + 1 <> count(*)
       union all
       select 'order ' || id || ' is there ' || found || ' times' from (
         select id, (select count(*) from package where package_id = id) +
                    (select count(*) from source_delivery where source_delivery_id = id) as found
           from unnest($1::uuid[]) as id) o where found <> 1
       union all
       select count(*) || ' packages are there that nobody ordered' from package where not package_id = any($1::uuid[])
       having count(*) > 0`,
      [orders],
    );
    return rows.map(({ problem }) => problem);
  } finally {
    await client.end();
  }
}

/** @returns what `fsck` finds */
export async function runFsck(service: LaunchedService): Promise<string[]> {
  const child = spawn(process.execPath, [join(ROOT, 'src/cli.ts'), 'fsck'], {
    env: { ...service.environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const [code] = await once(child, 'close');
  return code === 0 ? [] : [`fsck: ${output}`];
}

/** Delivers a year's population, as any client does: a request that fails in passing is repeated. @returns what went wrong */
export async function deliver(client: Service, folder: string, code: string, round: number): Promise<string[]> {
  const path = join(folder, `${code}.csv`);
  await writeFile(path, populationFile(code, round));
  const span = { periodFrom: `${YEARS[0]}-01`, periodTo: `${YEARS.at(-1)}-12` };
  try {
    const what = { domain: 'borger', kind: 'total', sourceSystem: 'cpr', ...span } as const;
    const { state } = await sendDelivery(client, what, [{ table: TABLE, path }], { gzip: true });
    return state === 'accepted' ? [] : [`the delivery is ${state}`];
  } catch (error) {
    return [`the delivery failed with ${(error as Error).message}`];
  }
}
