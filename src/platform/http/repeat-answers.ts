// Answers a request again that was answered a moment ago in the very same words, before Fastify looks at it: finding the route, hooks and
// sending cost as much again as Node's own part (measured). Only for answers that are the same for everybody who may ask: whether the caller
// may is still checked each time, by the check of the scope that the routes are in.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { App } from './app-type.ts';
import { isKnown, sendBody, validatorsOf } from './conditional.ts';
import type { Caller } from './observe.ts';
import { linkNext } from './paging.ts';
import { endWhenStill } from './slow-transfers.ts';

/** An answer with the address of the next page, if there is one. */
export interface RepeatedAnswer {
  readonly body: Buffer;
  readonly etag: string;
  readonly mediaType: string;
  readonly next: string | null;
  /** What it tells of, for whoever counts. */
  readonly about: string;
}

/** What a caller is told of its limits: values of the header fields `RateLimit` and `RateLimit-Policy`. */
export interface RateFields {
  readonly ratelimit: string;
  readonly policy: string;
}

/** An answer as it goes over the wire. Headers are flat lists of names and values; the second place of each is the request's own id. */
interface Kept {
  readonly until: number;
  readonly about: string;
  readonly etag: string;
  readonly validators: string[];
  readonly headers: string[];
  /** One character a byte: Node then joins head and body and writes them at once, 7 % cheaper than two buffers (measured). */
  readonly body: string;
  /** What the route declares of itself. */
  readonly config: FastifyRequest['routeOptions']['config'];
}

/** With as much for the list of releases, a reader may be told of a newer release a second too late. */
const KEEP_MS = 500;
const MAX_BYTES = 16 * 1024 * 1024;
const OVERHEAD = 2_048;
/** Of one request alone: these are never kept. */
const OWN_FIELDS = ['request-id', 'ratelimit', 'ratelimit-policy'];
/** What a 304 says besides (RFC 9110, 15.4.5): the rest the client has from the answer that it kept. Each field costs a repeat 1 % (measured). */
const FIELDS_OF_UNCHANGED = /^(?:etag|vary|cache-control|link|access-control-.*)$/;

/** Sends an answer; and again when it is asked for in the same words, if `mayRepeat`. */
export type SendRepeated = (
  request: FastifyRequest,
  reply: FastifyReply,
  answer: RepeatedAnswer,
  mayRepeat: boolean,
) => FastifyReply;

export interface Repeating<Admitted> {
  /** Who sends the request, if they may have the answers. Others are left to the routes, which refuse them. */
  admit(raw: IncomingMessage): Admitted | undefined;
  /** Whether the caller may have an answer about this. */
  isFor(caller: Admitted, about: string): boolean;
  /**
   * Takes what a request costs the caller, who is told of its limits unless there is plenty left: two fields cost a repeat 5 % (measured).
   * @returns undefined where that cannot be done at once: it is left to the routes, which wait or refuse
   */
  charge(caller: Admitted): RateFields | 'plenty' | undefined;
  /** Is told of every repeat, which no handler sees. */
  onRepeat(caller: Admitted, about: string): void;
}

/** Makes the routes of `scoped` answer repeats. Call it after `observeRequests`: repeats are measured and logged like all requests. */
export function repeatAnswers<Admitted extends Caller>(
  scoped: App,
  { admit, isFor, charge, onRepeat }: Repeating<Admitted>,
): SendRepeated {
  const all = new LRUCache<string, Kept>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ body }, words) => body.length + words.length + OVERHEAD,
  });
  const { noteAnswer, findHostFault } = scoped;
  const wordsOnConnection = rememberWords();
  answerFirst(scoped.server, (raw, response) => {
    const started = performance.now();
    const kept = isPlainRead(raw) && findHostFault(raw) === undefined ? all.get(wordsOnConnection(raw)) : undefined;
    if (kept === undefined || started >= kept.until) return false;
    const caller = admit(raw);
    if (caller === undefined || !isFor(caller, kept.about)) return false;
    const fields = charge(caller);
    if (fields === undefined) return false;
    onRepeat(caller, kept.about);
    const requestId = randomUUID();
    const status = repeat(raw, response, kept, requestId, fields);
    // Most are out at once.
    if (raw.socket.writableLength > 0) endWhenStill(scoped, raw);
    const milliseconds = performance.now() - started;
    noteAnswer({ requestId, method: 'GET', config: kept.config, status, milliseconds, caller });
    return true;
  });
  return (request, reply, answer, mayRepeat) => {
    linkNext(reply, answer.next);
    if (mayRepeat) all.set(wordsOf(request.raw), keep(request, reply, answer));
    return sendBody(request, reply, answer.body, answer.mediaType, answer.etag);
  };
}

/** Puts `answer` before all that listens to requests; they hear of those for which it returns false. */
function answerFirst(server: Server, answer: (raw: IncomingMessage, response: ServerResponse) => boolean): void {
  const others = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (raw: IncomingMessage, response: ServerResponse) => {
    if (!answer(raw, response)) for (const listener of others) listener.call(server, raw, response);
  });
}

/** Only GET without a body: all else is for the routes to judge. */
function isPlainRead({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;
}

function keep(request: FastifyRequest, reply: FastifyReply, { body, etag, mediaType, about }: RepeatedAnswer): Kept {
  const shared = Object.entries({ ...reply.getHeaders(), ...validatorsOf(reply, etag) }).filter(
    ([name]) => !OWN_FIELDS.includes(name),
  );
  const flat = (fields: typeof shared) => fields.flatMap(([name, value]) => [String(name), String(value)]);
  const validators = ['request-id', '', ...flat(shared.filter(([name]) => FIELDS_OF_UNCHANGED.test(name)))];
  const headers = ['request-id', '', ...flat(shared), 'content-type', mediaType, 'content-length', String(body.length)];
  const { config } = request.routeOptions;
  const until = performance.now() + KEEP_MS;
  return { until, about, etag, validators, headers, body: body.toString('latin1'), config };
}

/** @returns the status */
function repeat(
  raw: IncomingMessage,
  response: ServerResponse,
  kept: Kept,
  requestId: string,
  fields: RateFields | 'plenty',
): number {
  const unchanged = isKnown(raw, kept.etag);
  const headers = unchanged ? kept.validators : kept.headers;
  headers[1] = requestId;
  response.writeHead(unchanged ? 304 : 200, fields === 'plenty' ? headers : [...headers, ...listOf(fields)]);
  if (unchanged) response.end();
  else response.end(kept.body, 'latin1');
  return response.statusCode;
}

function listOf({ ratelimit, policy }: RateFields): string[] {
  return ['ratelimit', ratelimit, 'ratelimit-policy', policy];
}

/** Everything of a request that such an answer can depend on. Headers cannot hold a line break. */
function wordsOf({ url, headers }: IncomingMessage): string {
  const { accept = '', 'accept-language': language = '', origin = '' } = headers;
  return `${url}\n${accept}\n${language}\n${origin}`;
}

interface Words {
  readonly url: string | undefined;
  readonly accept: string | undefined;
  readonly language: string | undefined;
  readonly origin: string | undefined;
  readonly words: string;
}

/** Joining and hashing the words anew for each request costs as much as all else here; on a connection they are often those of the request before. */
function rememberWords(): (raw: IncomingMessage) => string {
  const last = new WeakMap<object, Words>();
  return (raw) => {
    const { url, headers, socket } = raw;
    const before = last.get(socket);
    if (
      before !== undefined &&
      before.url === url &&
      before.accept === headers.accept &&
      before.language === headers['accept-language'] &&
      before.origin === headers.origin
    )
      return before.words;
    const words = wordsOf(raw);
    const { accept, 'accept-language': language, origin } = headers;
    last.set(socket, { url, accept, language, origin, words });
    return words;
  };
}
