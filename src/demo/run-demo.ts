// The demo: the whole service on this machine with synthetic data for all 98 municipalities, everything through the public API.
// A second run finds what the first one left and only serves it.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Service, send, sendDelivery, startProgress } from '../client/index.ts';
import { loadCatalogue, type Municipality } from '../domains/index.ts';
import type { SyntheticDelivery, SyntheticDomain } from '../domains/synthetic.ts';
import { portOrFree } from '../platform/free-port.ts';
import { type LaunchedService, launchService } from './launch-service.ts';
import { tourText } from './print-tour.ts';
import { untilState } from './until-state.ts';
import { writeDelivery } from './write-delivery.ts';

const FOLDER = resolve(fileURLToPath(new URL('../../.data/demo', import.meta.url)));
const PORT = 8080;
const SEED = 1;
/** So many that the worker has something to do from the first second on. */
const SENDERS = 20;
/** All senders together keep the worker busy, so a delivery takes some seconds: asking more often only costs. */
const POLL_MS = 1500;
/** Once nothing else waits to be sent, the end of the last ones is worth asking for. */
const LAST_POLL_MS = 300;
/** More jobs than cores: a job waits for disk and database a tenth of its time. */
const WORKER_JOBS = 4;
const SHOWN_MUNICIPALITY = '615';
const HOURS_12 = 12 * 3600;

/** The command `demo`: runs until Ctrl-C. */
export async function runDemo(): Promise<number> {
  const started = Date.now();
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  process.stdout.write('Starting PostgreSQL, the api and the worker …\n');
  const flis = await launchService({
    folder: FOLDER,
    port: await portOrFree(PORT),
    settings: { FLIS_WORKER_JOBS: String(WORKER_JOBS) },
  });
  try {
    await fillAndServe(flis, interrupted.signal, started);
    return 0;
  } catch (error) {
    if (interrupted.signal.aborted) return 0;
    throw error;
  } finally {
    process.stdout.write('\nStopping …\n');
    await flis.stop();
  }
}

async function fillAndServe(flis: LaunchedService, signal: AbortSignal, started: number): Promise<void> {
  const operator = await serviceFor(flis, undefined, ['operator', 'key-figures:read'], signal);
  const released = await send(operator, { method: 'GET', path: '/v1/releases' });
  if (released.body.items.length === 0) await fill(flis, operator, signal);
  const owner = await serviceFor(
    flis,
    SHOWN_MUNICIPALITY,
    ['key-figures:read', 'raw-data:read', 'source:read'],
    signal,
  );
  const made = await send(owner, { method: 'POST', path: '/v1/packages', json: { domain: 'borger', kind: 'total' } });
  await untilState(owner, `/v1/packages/${made.body.id}`, ['ready']);
  process.stdout.write(tourText({ url: flis.url, token: owner.token, packageId: made.body.id }));
  process.stdout.write(`Ready after ${Math.round((Date.now() - started) / 1000)} s.\n`);
  await new Promise<void>((done) => (signal.aborted ? done() : signal.addEventListener('abort', () => done())));
}

async function fill(flis: LaunchedService, operator: Service, signal: AbortSignal): Promise<void> {
  const { domains, municipalities } = await loadCatalogue();
  const generators = await Promise.all(domains.map(({ id }) => loadGenerator(id)));
  // The largest first: nobody waits for København at the end.
  const work = municipalities.filter(({ synthetic }) => !synthetic).sort((a, b) => b.population - a.population);
  const progress = startProgress(process.stdout, work.length);
  const totals = { rows: 0, deliveries: 0, rejected: 0, slices: 0 };
  const sender = async () => {
    for (let next = work.shift(); next !== undefined; next = work.shift()) {
      signal.throwIfAborted();
      const service = await serviceFor(flis, next.code, ['source:write', 'source:read', 'raw-data:read'], signal);
      let rows = 0;
      for (const generator of generators) {
        let newest: number | null = null;
        for (const delivery of generator.deliveries(next, SEED)) {
          const pollMs = work.length > 0 ? POLL_MS : LAST_POLL_MS;
          const result = await deliver(service, generator.domain, next, delivery, pollMs);
          rows += result.rows;
          totals.deliveries += 1;
          if (result.revision === null) totals.rejected += 1;
          else newest = result.revision;
        }
        const slices = newest === null ? 0 : await countSlices(service, generator.domain, newest);
        totals.slices += slices;
      }
      totals.rows += rows;
      progress.step(`${next.name}: ${rows.toLocaleString('en')} rows delivered`);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  progress.end();
  const ids = domains.map(({ id }) => id);
  await release(operator, ids);
  process.stdout.write(
    `${totals.deliveries} source deliveries (${totals.rejected} rejected), ${totals.rows.toLocaleString('en')} rows, ${totals.slices.toLocaleString('en')} slices, ${ids.length} releases\n`,
  );
}

async function loadGenerator(domain: string): Promise<SyntheticDomain> {
  return (await import(`../domains/${domain}/synthetic.ts`)).synthetic as SyntheticDomain;
}

async function deliver(
  service: Service,
  domain: string,
  municipality: Municipality,
  delivery: SyntheticDelivery,
  pollMs: number,
) {
  await mkdir(join(FOLDER, 'outbox'), { recursive: true });
  const folder = await mkdtemp(join(FOLDER, 'outbox', `${municipality.code}-${domain}-`));
  try {
    const files = await writeDelivery(delivery, folder);
    const { kind, sourceSystem, periodFrom, periodTo } = delivery;
    const result = await sendDelivery(service, { domain, kind, sourceSystem, periodFrom, periodTo }, files, {
      gzip: false,
      firstPollMs: pollMs,
      longestPollMs: pollMs,
    });
    if (result.state === 'failed') throw new Error(`the delivery of ${domain} for ${municipality.code} failed`);
    return { rows: files.reduce((sum, { rows }) => sum + rows, 0), revision: result.revision };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function release(operator: Service, domains: readonly string[]): Promise<void> {
  const progress = startProgress(process.stdout, domains.length);
  const publish = async (domain: string) => {
    const { body } = await send(operator, { method: 'POST', path: '/v1/releases', json: { domain } });
    await untilState(operator, `/v1/releases/${body.releaseId}`, ['published']);
    progress.step(`${domain}: key figures released`);
  };
  await Promise.all(domains.map(publish));
  progress.end();
}

async function countSlices(service: Service, domain: string, revision: number): Promise<number> {
  const { body } = await send(service, { method: 'GET', path: `/v1/revisions/${revision}?domain=${domain}` });
  return body.tables.reduce((sum: number, table: { slices: unknown[] }) => sum + table.slices.length, 0);
}

type Scopes = Parameters<LaunchedService['token']>[0]['scopes'];

async function serviceFor(
  flis: LaunchedService,
  municipality: string | undefined,
  scopes: Scopes,
  signal: AbortSignal,
): Promise<Service> {
  const token = await flis.token({
    clientId: 'demo',
    scopes,
    lifetime: HOURS_12,
    ...(municipality === undefined ? {} : { municipality }),
  });
  return { baseUrl: flis.url, token, signal };
}
