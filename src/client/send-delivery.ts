// Hands in one source delivery and waits for what becomes of it: create, upload, submit, poll. Talks HTTP only.
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import { type Service, send } from './http.ts';

/** What is delivered; months are `YYYY-MM`, inclusive. */
export interface DeliveryDescription {
  readonly domain: string;
  readonly kind: 'total' | 'delta';
  readonly sourceSystem: string;
  readonly periodFrom: string;
  readonly periodTo: string;
  readonly sequence?: number;
}

/** A CSV file on this machine: UTF-8, comma. */
export interface TableFile {
  readonly table: string;
  readonly path: string;
  readonly decimalMark?: 'point' | 'comma' | undefined;
  /** Announced, so that the service refuses a file that was cut. */
  readonly rows?: number;
}

export interface RuleCount {
  readonly rule: string;
  readonly table: string;
  readonly severity: string;
  readonly count: number;
}

export interface ExampleFinding {
  readonly rule: string;
  readonly severity: string;
  readonly table: string;
  readonly row: number | null;
  readonly column: string | null;
  readonly message: { readonly da: string; readonly en: string };
}

/** How a delivery ended. */
export interface DeliveryResult {
  readonly id: string;
  readonly state: 'accepted' | 'rejected' | 'failed';
  readonly revision: number | null;
  readonly rules: readonly RuleCount[];
  /** Some of the findings that rejected it. */
  readonly examples: readonly ExampleFinding[];
}

const FIRST_POLL_MS = 200;
const LONGEST_POLL_MS = 5_000;
const EXAMPLES = 10;

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return `sha-256=:${hash.digest('base64')}:`;
}

async function upload(service: Service, id: string, file: TableFile, gzip: boolean): Promise<void> {
  const path = gzip ? `${file.path}.gz` : file.path;
  try {
    // Compressed before it is sent: a repeated request then sends the same bytes, and their digest can stand in front.
    if (gzip) await pipeline(createReadStream(file.path), createGzip(), createWriteStream(path, { mode: 0o600 }));
    const query = new URLSearchParams({
      delimiter: 'comma',
      encoding: 'utf-8',
      ...(file.decimalMark === undefined ? {} : { decimalMark: file.decimalMark }),
      ...(file.rows === undefined ? {} : { rows: String(file.rows) }),
    });
    await send(service, {
      method: 'PUT',
      path: `/v1/source-deliveries/${id}/files/${file.table}?${query}`,
      headers: {
        'content-type': gzip ? 'application/gzip' : 'text/csv; charset=utf-8',
        'content-digest': await digestOf(path),
      },
      file: { path, bytes: (await stat(path)).size },
    });
  } finally {
    if (gzip) await rm(path, { force: true });
  }
}

interface PollOptions {
  readonly firstPollMs?: number;
  readonly longestPollMs?: number;
}

async function waitForEnd(
  service: Service,
  id: string,
  { firstPollMs = FIRST_POLL_MS, longestPollMs = LONGEST_POLL_MS }: PollOptions,
): Promise<DeliveryResult> {
  for (let wait = firstPollMs; ; wait *= 2) {
    await delay(Math.min(longestPollMs, wait), undefined, { signal: service.signal });
    const { body } = await send(service, { method: 'GET', path: `/v1/source-deliveries/${id}` });
    if (['accepted', 'rejected', 'failed'].includes(body.state)) {
      const examples = body.state === 'rejected' ? await readExamples(service, id) : [];
      return { id, state: body.state, revision: body.revision, rules: body.findings.rules, examples };
    }
  }
}

async function readExamples(service: Service, id: string): Promise<ExampleFinding[]> {
  const path = `/v1/source-deliveries/${id}/findings?severity=stop&limit=${EXAMPLES}`;
  return (await send(service, { method: 'GET', path })).body.items;
}

/**
 * Delivers `files` and waits until the service has accepted or rejected them; it looks after `firstPollMs` (0.2 s), then ever later, after
 * `longestPollMs` (5 s) at the most. @throws ServiceFault when it refuses a request.
 */
export async function sendDelivery(
  service: Service,
  description: DeliveryDescription,
  files: readonly TableFile[],
  options: PollOptions & { readonly gzip: boolean },
): Promise<DeliveryResult> {
  const keyed = () => ({ 'idempotency-key': randomUUID() });
  const created = await send(service, {
    method: 'POST',
    path: '/v1/source-deliveries',
    headers: keyed(),
    json: description,
  });
  const id: string = created.body.id;
  for (const file of files) await upload(service, id, file, options.gzip);
  await send(service, { method: 'POST', path: `/v1/source-deliveries/${id}/submit`, headers: keyed() });
  return waitForEnd(service, id, options);
}
