// Answers a request again that was answered a moment ago in the very same words, before Fastify looks at it: finding the route, hooks and
// sending cost as much again as Node's own part (measured). Only for answers that are the same for everybody who may ask: whether the caller
// may is still checked each time, by the check of the scope that the routes are in.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { App } from './app-type.ts';
import { isKnown, sendBody, validatorsOf } from './conditional.ts';
import type { Caller, NoteAnswer } from './observe.ts';
import { linkNext } from './paging.ts';
import { type Admission, type RateFields, rememberRequests, wordsOf } from './remember-requests.ts';
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

/** An answer as it goes over the wire. Headers are flat lists of names and values; the second place of each is the request's own id. */
interface Kept {
  readonly until: number;
  readonly about: string;
  readonly etag: string;
  readonly validators: string[];
  readonly headers: string[];
  /** One character a byte: Node then joins head and body and writes them at once, 7 % cheaper than two buffers (measured). */
  readonly body: string;
  readonly noteWhole: NoteAnswer;
  readonly noteUnchanged: NoteAnswer;
}

/** An answer that may be repeated for somebody. */
interface Grant<Admitted> {
  readonly kept: Kept;
  readonly admission: Admission<Admitted>;
}

/** With as much for the list of releases, a reader may be told of a newer release a second too late. */
const KEEP_MS = 500;
const MAX_BYTES = 16 * 1024 * 1024;
const OVERHEAD = 2_048;
/** Larger ones are not held by the connections that asked for them: a quiet one would hold its own long after it has ended. */
const MAX_REMEMBERED = 32 * 1024;
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
  admit(raw: IncomingMessage): Admission<Admitted> | undefined;
  /** Whether the caller may have an answer about this. */
  isFor(caller: Admitted, about: string): boolean;
  /** Is told of every repeat, which no handler sees. */
  onRepeat(caller: Admitted, about: string): void;
}

/** Makes the routes of `scoped` answer repeats. Call it after `observeRequests`: repeats are measured and logged like all requests. */
export function repeatAnswers<Admitted extends Caller>(
  scoped: App,
  { admit, isFor, onRepeat }: Repeating<Admitted>,
): SendRepeated {
  const all = new LRUCache<string, Kept>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ body }, words) => body.length + words.length + OVERHEAD,
  });
  const { findHostFault } = scoped;
  /** What is kept for a request, and for whom: found anew when either has ended. */
  function grant(raw: IncomingMessage, words: string, now: number): Grant<Admitted> | undefined {
    const kept = all.get(words);
    if (kept === undefined || now >= kept.until) return undefined;
    const admission = admit(raw);
    return admission !== undefined && isFor(admission.caller, kept.about) ? { kept, admission } : undefined;
  }
  const requests = rememberRequests<Grant<Admitted>>(findHostFault);
  answerFirst(scoped.server, (raw, response) => {
    const started = performance.now();
    const asked = requests(raw);
    if (asked.words === undefined) return false;
    const before = asked.found;
    const found =
      before !== undefined && started < before.kept.until && before.admission.holds()
        ? before
        : grant(raw, asked.words, started);
    asked.found = found !== undefined && found.kept.body.length <= MAX_REMEMBERED ? found : undefined;
    const fields = found?.admission.charge();
    if (found === undefined || fields === undefined) return false;
    const { kept, admission } = found;
    const { caller } = admission;
    onRepeat(caller, kept.about);
    const requestId = randomUUID();
    const note = repeat(raw, response, kept, requestId, fields) === 304 ? kept.noteUnchanged : kept.noteWhole;
    // Most are out at once.
    if (raw.socket.writableLength > 0) endWhenStill(scoped, raw);
    note({ requestId, method: 'GET', milliseconds: performance.now() - started, caller });
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

function keep(request: FastifyRequest, reply: FastifyReply, { body, etag, mediaType, about }: RepeatedAnswer): Kept {
  const shared = Object.entries({ ...reply.getHeaders(), ...validatorsOf(reply, etag) }).filter(
    ([name]) => !OWN_FIELDS.includes(name),
  );
  const flat = (fields: typeof shared) => fields.flatMap(([name, value]) => [String(name), String(value)]);
  const validators = ['request-id', '', ...flat(shared.filter(([name]) => FIELDS_OF_UNCHANGED.test(name)))];
  const headers = ['request-id', '', ...flat(shared), 'content-type', mediaType, 'content-length', String(body.length)];
  const { routeOptions, server } = request;
  return {
    ...{ until: performance.now() + KEEP_MS, about, etag, validators, headers, body: body.toString('latin1') },
    noteWhole: server.answersOf(routeOptions.config, 200),
    noteUnchanged: server.answersOf(routeOptions.config, 304),
  };
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
