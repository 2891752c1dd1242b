// The demo: the whole service on this machine with synthetic data for all 98 municipalities, everything through the public API.
// A second run finds what the first one left and only serves it.
import { mkdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Service, send, sendDelivery, startProgress } from '../client/index.ts';
import { loadCatalogue } from '../domains/index.ts';
import type { SyntheticDomain } from '../domains/synthetic.ts';
import { portOrFree } from '../platform/free-port.ts';
import { type LaunchedService, launchService } from './launch-service.ts';
import { tourText } from './print-tour.ts';
import { untilState } from './until-state.ts';
import { type NextMunicipality, type WrittenDelivery, writeAhead } from './write-ahead.ts';

const FOLDER = resolve(fileURLToPath(new URL('../../.data/demo', import.meta.url)));
const OUTBOX = join(FOLDER, 'outbox');
const PORT = 8080;
const SEED = 1;
const SENDERS = 14;
/** All senders together keep the worker busy, so a delivery takes some seconds: asking more often only costs. */
const POLL_MS = 1500;
/** More jobs than cores: a job waits for disk and database a tenth of its time. */
const WORKER_JOBS = 4;
const SHOWN_MUNICIPALITY = '615';
const HOURS_12 = 12 * 3600;

/** The command `demo`: runs until Ctrl-C. */
export async function runDemo(): Promise<number> {
  const started = Date.now();
  const interrupted = new AbortController();
  const { signal } = interrupted;
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort());
  process.stdout.write('Starting PostgreSQL, the api and the worker …\n');
  const isFirst = await stat(FOLDER).then(
    () => false,
    () => true,
  );
  const early = isFirst ? await startWriting(signal) : undefined;
  const flis = await launchService({
    folder: FOLDER,
    port: await portOrFree(PORT),
    settings: { FLIS_WORKER_JOBS: String(WORKER_JOBS) },
  });
  try {
    await fillAndServe(flis, early, signal, started);
    return 0;
  } catch (error) {
    if (signal.aborted) return 0;
    throw error;
  } finally {
    process.stdout.write('\nStopping …\n');
    interrupted.abort();
    await flis.stop();
  }
}

/** The largest first: nobody waits for København at the end. */
async function startWriting(signal: AbortSignal): Promise<NextMunicipality> {
  const { domains, municipalities } = await loadCatalogue();
  const generators = await Promise.all(domains.map(({ id }) => loadGenerator(id)));
  await rm(OUTBOX, { recursive: true, force: true });
  await mkdir(OUTBOX, { recursive: true });
  const real = municipalities.filter(({ synthetic }) => !synthetic).sort((a, b) => b.population - a.population);
  return writeAhead(real, generators, SEED, OUTBOX, signal);
}

async function fillAndServe(
  flis: LaunchedService,
  early: NextMunicipality | undefined,
  signal: AbortSignal,
  started: number,
): Promise<void> {
  const operator = await serviceFor(flis, undefined, ['operator', 'key-figures:read'], signal);
  const released = await send(operator, { method: 'GET', path: '/v1/releases' });
  if (released.body.items.length === 0) await fill(flis, operator, early ?? (await startWriting(signal)), signal);
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

async function fill(
  flis: LaunchedService,
  operator: Service,
  nextMunicipality: NextMunicipality,
  signal: AbortSignal,
): Promise<void> {
  const { domains, municipalities } = await loadCatalogue();
  const progress = startProgress(process.stdout, municipalities.filter(({ synthetic }) => !synthetic).length);
  const totals = { rows: 0, deliveries: 0, rejected: 0, slices: 0 };
  const sender = async () => {
    for (let next = await nextMunicipality(); next !== undefined; next = await nextMunicipality()) {
      signal.throwIfAborted();
      const { name, code } = next.municipality;
      const service = await serviceFor(flis, code, ['source:write', 'source:read', 'raw-data:read'], signal);
      let rows = 0;
      const revisions = new Map<string, number>();
      for (const written of next.deliveries) {
        const revision = await deliver(service, written);
        rows += written.files.reduce((sum, file) => sum + file.rows, 0);
        totals.deliveries += 1;
        if (revision === null) totals.rejected += 1;
        else revisions.set(written.description.domain, revision);
      }
      for (const [domain, revision] of revisions) totals.slices += await countSlices(service, domain, revision);
      totals.rows += rows;
      progress.step(`${name}: ${rows.toLocaleString('en')} rows delivered`);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  progress.end();
  await release(
    operator,
    domains.map(({ id }) => id),
  );
  process.stdout.write(
    `${totals.deliveries} source deliveries (${totals.rejected} rejected), ${totals.rows.toLocaleString('en')} rows, ${totals.slices.toLocaleString('en')} slices, ${domains.length} releases\n`,
  );
}

async function loadGenerator(domain: string): Promise<SyntheticDomain> {
  return (await import(`../domains/${domain}/synthetic.ts`)).synthetic as SyntheticDomain;
}

/** @returns the revision that the delivery made, or null when it was rejected. */
async function deliver(service: Service, { description, folder, files }: WrittenDelivery): Promise<number | null> {
  const result = await sendDelivery(service, description, files, {
    gzip: false,
    firstPollMs: POLL_MS,
    longestPollMs: POLL_MS,
  });
  if (result.state === 'failed') throw new Error(`the delivery ${result.id} failed`);
  await rm(folder, { recursive: true });
  return result.revision;
}

async function countSlices(service: Service, domain: string, revision: number): Promise<number> {
  const { body } = await send(service, { method: 'GET', path: `/v1/revisions/${revision}?domain=${domain}` });
  return body.tables.reduce((sum: number, table: { slices: unknown[] }) => sum + table.slices.length, 0);
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
