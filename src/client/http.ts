// HTTP requests that are repeated when the service or the network has a passing fault. Every request here is safe to repeat:
// reads, PUTs, and POSTs with an Idempotency-Key.
import { createReadStream } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

/** An endpoint and the token to ask it with. */
export interface Service {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly token: string;
  readonly signal: AbortSignal;
}

export interface ServiceRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Path from the base URL. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** A file to be streamed as the body. */
  readonly file?: { readonly path: string; readonly bytes: number };
}

/** A parsed answer. */
export interface ServiceAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: the shape is the operation's; callers pick the fields they know
  readonly body: any;
}

/** An answer that is no success, in the words of the service. */
export class ServiceFault extends Error {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a problem document with members of its own
  readonly problem: any;

  // biome-ignore lint/suspicious/noExplicitAny: a problem document with members of its own
  constructor(status: number, problem: any) {
    super(problem?.title ?? `the service answered ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

const PASSING = new Set([408, 429, 502, 503, 504]);
const ATTEMPTS = 9;
const LONGEST_WAIT_MS = 30_000;
const IDLE_TIMEOUT_MS = 60_000;

const agents = {
  'http:': new http.Agent({ keepAlive: true }),
  'https:': new https.Agent({ keepAlive: true }),
};

function sendOnce(service: Service, request: ServiceRequest): Promise<ServiceAnswer> {
  const url = new URL(service.baseUrl + request.path);
  const json = request.json === undefined ? undefined : JSON.stringify(request.json);
  const headers = {
    accept: 'application/json',
    authorization: `Bearer ${service.token}`,
    ...(json === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) }),
    ...(request.file === undefined ? {} : { 'content-length': request.file.bytes }),
    ...request.headers,
  };
  return new Promise((resolve, reject) => {
    const options = {
      method: request.method,
      headers,
      agent: agents[url.protocol as keyof typeof agents],
      signal: service.signal,
      timeout: IDLE_TIMEOUT_MS,
    };
    const body = request.file === undefined ? undefined : createReadStream(request.file.path);
    const outgoing = (url.protocol === 'https:' ? https : http).request(url, options, (incoming) => {
      text(incoming)
        .then((content) => ({
          status: incoming.statusCode ?? 0,
          retryAfter: incoming.headers['retry-after'],
          body: /json/.test(incoming.headers['content-type'] ?? '') ? JSON.parse(content) : undefined,
        }))
        .then(resolve, reject)
        .finally(() => {
          // An answer that came before the whole body was sent: the rest is not wanted.
          body?.destroy();
          if (!outgoing.writableFinished) outgoing.destroy();
        });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('the service does not answer')));
    outgoing.on('error', (error) => {
      body?.destroy();
      reject(error);
    });
    body?.on('error', (error) => outgoing.destroy(error));
    if (body === undefined) outgoing.end(json);
    else body.pipe(outgoing);
  });
}

function waitBefore(attempt: number, retryAfter: string | undefined): number {
  const seconds = Number(retryAfter);
  if (retryAfter !== undefined && Number.isFinite(seconds)) return Math.min(LONGEST_WAIT_MS, seconds * 1000);
  return Math.min(LONGEST_WAIT_MS, 200 * 2 ** attempt) * (0.5 + Math.random() / 2);
}

/** Sends a request, up to nine times over some two minutes while the fault can pass. @throws ServiceFault for an answer of 400 or more. */
export async function send(service: Service, request: ServiceRequest): Promise<ServiceAnswer> {
  for (let attempt = 0; ; attempt += 1) {
    const last = attempt === ATTEMPTS - 1;
    let retryAfter: string | undefined;
    try {
      const answer = await sendOnce(service, request);
      if (answer.status < 400) return answer;
      if (last || !PASSING.has(answer.status)) throw new ServiceFault(answer.status, answer.body);
      retryAfter = answer.retryAfter;
    } catch (error) {
      if (last || error instanceof ServiceFault || service.signal.aborted) throw error;
    }
    await delay(waitBefore(attempt, retryAfter), undefined, { signal: service.signal });
  }
}
