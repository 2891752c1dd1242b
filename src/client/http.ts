// HTTP requests that are repeated when the service or the network has a passing fault. Every request here is safe to repeat:
// reads, PUTs, and POSTs with an Idempotency-Key or of a kind that gives the same answer again.
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
  /** Is told why a request is repeated, and after which time. */
  onRetry?(fault: Error, waitMs: number): void;
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
  // biome-ignore lint/suspicious/noExplicitAny: the shape is the operation's; callers pick the fields they know
  readonly body: any;
}

/** An answer that is no success, in the words of the service. */
export class ServiceFault extends Error {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a problem document with members of its own
  readonly problem: any;
  readonly retryAfter: string | undefined;

  // biome-ignore lint/suspicious/noExplicitAny: a problem document with members of its own
  constructor(status: number, problem: any, retryAfter?: string) {
    super(problem?.title ?? `the service answered ${status}`);
    this.status = status;
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

/** The connection could not be made, or ended before the answer did. */
export class ConnectionFault extends Error {
  readonly code: string;

  constructor(cause: unknown) {
    const { message, code = 'network' } = cause as { readonly message: string; readonly code?: string };
    super(message, { cause });
    this.code = code;
  }
}

const PASSING = new Set([408, 429, 502, 503, 504]);
const ATTEMPTS = 9;
const LONGEST_WAIT_MS = 30_000;
/** The service never asks for more. */
const LONGEST_RETRY_AFTER_MS = 120_000;
const IDLE_TIMEOUT_MS = 60_000;

const agents = {
  'http:': new http.Agent({ keepAlive: true }),
  'https:': new https.Agent({ keepAlive: true }),
};

/** Sends the request, body and all. @returns the answer as soon as its headers are there; @throws ConnectionFault */
function start(service: Service, request: ServiceRequest): Promise<http.IncomingMessage> {
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
      incoming.once('close', () => {
        // An answer that came before the whole body was sent: the rest is not wanted.
        body?.destroy();
        if (!outgoing.writableFinished) outgoing.destroy();
      });
      resolve(incoming);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('the service does not answer')));
    outgoing.on('error', (error) => {
      body?.destroy();
      reject(new ConnectionFault(error));
    });
    body?.on('error', (error) => outgoing.destroy(error));
    if (body === undefined) outgoing.end(json);
    else body.pipe(outgoing);
  });
}

async function readAnswer(incoming: http.IncomingMessage): Promise<ServiceAnswer> {
  const isJson = /json/.test(incoming.headers['content-type'] ?? '');
  try {
    const content = await text(incoming);
    return { status: incoming.statusCode ?? 0, body: isJson ? JSON.parse(content) : undefined };
  } catch (error) {
    throw new ConnectionFault(error);
  }
}

/** Starts a GET whose body the caller reads as it comes, or destroys. It is not repeated. @throws ServiceFault, ConnectionFault */
export async function openAnswer(
  service: Service,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<http.IncomingMessage> {
  const incoming = await start(service, { method: 'GET', path, headers });
  if (incoming.statusCode === 200 || incoming.statusCode === 206) return incoming;
  return refuse(incoming);
}

async function refuse(incoming: http.IncomingMessage): Promise<never> {
  const { status, body } = await readAnswer(incoming);
  throw new ServiceFault(status, body, incoming.headers['retry-after']);
}

function waitBefore(attempt: number, retryAfter: string | undefined): number {
  const seconds = Number(retryAfter);
  if (retryAfter !== undefined && Number.isFinite(seconds)) return Math.min(LONGEST_RETRY_AFTER_MS, seconds * 1000);
  return Math.min(LONGEST_WAIT_MS, 200 * 2 ** attempt) * (0.5 + Math.random() / 2);
}

function canPass(error: unknown): error is ServiceFault | ConnectionFault {
  if (error instanceof ServiceFault) return PASSING.has(error.status);
  // A certificate that is not to be trusted now will not be so in a minute.
  return error instanceof ConnectionFault && !/CERT|TLS|UNABLE_TO/.test(error.code);
}

/**
 * Does `once` up to nine times over some two minutes while its fault can pass.
 * @param hasMoved whether something was won since it was asked last: then counting begins anew
 */
export async function repeat<Result>(
  service: Service,
  once: () => Promise<Result>,
  hasMoved: () => boolean = () => false,
): Promise<Result> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await once();
    } catch (error) {
      if (hasMoved()) attempt = 0;
      if (attempt >= ATTEMPTS - 1 || service.signal.aborted || !canPass(error)) throw error;
      const wait = waitBefore(attempt, error instanceof ServiceFault ? error.retryAfter : undefined);
      service.onRetry?.(error, wait);
      await delay(wait, undefined, { signal: service.signal });
    }
  }
}

/** Sends a request, repeated as `repeat` does. @throws ServiceFault for an answer of 400 or more */
export function send(service: Service, request: ServiceRequest): Promise<ServiceAnswer> {
  return repeat(service, async () => {
    const incoming = await start(service, request);
    return (incoming.statusCode ?? 0) < 400 ? readAnswer(incoming) : refuse(incoming);
  });
}
