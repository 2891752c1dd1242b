// Answers a request again that was answered a moment ago in the very same words, before it is parsed and checked once more.
// Only for answers that are the same for everybody who may ask: whether the caller may is still checked each time.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { App } from './app.ts';
import { isKnown, sendBody, validatorsOf } from './conditional.ts';
import { linkNext } from './paging.ts';

/** An answer with the address of the next page, if there is one. */
export interface RepeatedAnswer {
  readonly body: Buffer;
  readonly etag: string;
  readonly mediaType: string;
  readonly next: string | null;
  /** What it tells of, for whoever counts. */
  readonly about: string;
}

/** An answer as it goes over the wire. Its headers are a flat list of names and values, all but the request's own id. */
interface Kept {
  readonly until: number;
  readonly about: string;
  readonly etag: string;
  readonly validators: readonly string[];
  readonly headers: readonly string[];
  /** Small bodies as a text of one character per byte, which Node sends together with the headers in one write. */
  readonly body: string | Buffer;
}

/** With as much for the list of releases, a reader may be told of a newer release a second too late. */
const KEEP_MS = 500;
const MAX_BYTES = 16 * 1024 * 1024;
const OVERHEAD = 2_048;
const SMALL_BYTES = 64 * 1024;

/** Sends an answer; and again when it is asked for in the same words, if `mayRepeat`. */
export type SendRepeated = (
  request: FastifyRequest,
  reply: FastifyReply,
  answer: RepeatedAnswer,
  mayRepeat: boolean,
) => FastifyReply;

/**
 * Makes the routes of `scoped` answer repeats. Call it inside `withScope`, so that its hook comes after the one that checks the caller.
 * @param onRepeat is told of every repeat, which no handler sees
 */
export function repeatAnswers(scoped: App, onRepeat: (request: FastifyRequest, about: string) => void): SendRepeated {
  const all = new LRUCache<string, Kept>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ body }, words) => body.length + words.length + OVERHEAD,
  });
  scoped.addHook('onRequest', (request, reply, done) => {
    const kept = all.get(wordsOf(request));
    if (kept === undefined || performance.now() >= kept.until) return done();
    onRepeat(request, kept.about);
    repeat(request, reply, kept);
  });
  return (request, reply, answer, mayRepeat) => {
    linkNext(reply, answer.next);
    if (mayRepeat) all.set(wordsOf(request), keep(reply, answer));
    return sendBody(request, reply, answer.body, answer.mediaType, answer.etag);
  };
}

function keep(reply: FastifyReply, { body, etag, mediaType, about }: RepeatedAnswer): Kept {
  const { 'request-id': _, ...shared } = reply.getHeaders();
  const validators = Object.entries({ ...shared, ...validatorsOf(etag) }).flatMap(([name, value]) => [
    name,
    String(value),
  ]);
  const headers = [...validators, 'content-type', mediaType, 'content-length', String(body.length)];
  const text = body.length <= SMALL_BYTES ? body.toString('latin1') : body;
  return { until: performance.now() + KEEP_MS, about, etag, validators, headers, body: text };
}

/** Past Fastify's own sending, which would put the same headers together once more. */
function repeat(request: FastifyRequest, reply: FastifyReply, kept: Kept): void {
  reply.hijack();
  const unchanged = isKnown(request, kept.etag);
  reply.raw.writeHead(unchanged ? 304 : 200, [
    ...(unchanged ? kept.validators : kept.headers),
    'request-id',
    request.id,
  ]);
  if (unchanged) reply.raw.end();
  else reply.raw.end(kept.body, 'latin1');
}

/** Everything of a request that such an answer can depend on. Headers cannot hold a line break. */
function wordsOf({ raw }: FastifyRequest): string {
  const { accept = '', 'accept-language': language = '' } = raw.headers;
  return `${raw.url}\n${accept}\n${language}`;
}
