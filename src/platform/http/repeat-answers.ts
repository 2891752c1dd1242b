// Answers a request again that was answered a moment ago in the very same words, before it is parsed and checked once more (measured: a third of a
// hot read). Only for answers that are the same for everybody who may ask: whether the caller may is still checked each time.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { App } from './app.ts';
import { sendBody } from './conditional.ts';
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

interface Kept {
  readonly until: number;
  readonly answer: RepeatedAnswer;
}

/** As long as a reader may be told of a newer release too late. */
const KEEP_MS = 1_000;
const MAX_BYTES = 16 * 1024 * 1024;
const OVERHEAD = 512;

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
  const kept = new LRUCache<string, Kept>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ answer }, words) => answer.body.length + words.length + OVERHEAD,
  });
  scoped.addHook('onRequest', (request, reply, done) => {
    const known = kept.get(wordsOf(request));
    if (known === undefined || performance.now() >= known.until) return done();
    onRepeat(request, known.answer.about);
    send(request, reply, known.answer);
  });
  return (request, reply, answer, mayRepeat) => {
    if (mayRepeat) kept.set(wordsOf(request), { until: performance.now() + KEEP_MS, answer });
    return send(request, reply, answer);
  };
}

function send(request: FastifyRequest, reply: FastifyReply, answer: RepeatedAnswer): FastifyReply {
  linkNext(reply, answer.next);
  return sendBody(request, reply, answer.body, answer.mediaType, answer.etag);
}

/** Everything of a request that such an answer can depend on. Headers cannot hold a line break. */
function wordsOf({ raw }: FastifyRequest): string {
  const { accept = '', 'accept-language': language = '' } = raw.headers;
  return `${raw.url}\n${accept}\n${language}`;
}
