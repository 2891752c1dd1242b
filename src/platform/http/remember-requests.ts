// What a request is, as far as its text alone decides, is found out once for as long as its connection sends the very same text again: tools that poll do,
// and reading it anew is a sixth of all that a repeated answer costs (measured).
import type { IncomingMessage } from 'node:http';
import type { FindHostFault } from './request-host.ts';

/** What a caller is told of its limits: values of the header fields `RateLimit` and `RateLimit-Policy`. */
export interface RateFields {
  readonly ratelimit: string;
  readonly policy: string;
}

/** Somebody who may have the answers. */
export interface Admission<Admitted> {
  readonly caller: Admitted;
  /** Whether the caller may have them still. Asked before each. */
  holds(): boolean;
  /**
   * Takes what a request costs the caller, who is told of its limits unless there is plenty left: two fields cost a repeat 5 % (measured).
   * @returns undefined where that cannot be done at once: it is left to the routes, which wait or refuse
   */
  charge(): RateFields | 'plenty' | undefined;
}

/** A request as its connection sent it. */
export interface Asked<Found> {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly rawHeaders: readonly string[];
  /** What `wordsOf` says of it; undefined where it is for the routes to judge. */
  readonly words: string | undefined;
  /** What was last found for it. It may have ended since. */
  found: Found | undefined;
}

/** @returns a function that finds out what a request is, or remembers it from the request before on the same connection */
export function rememberRequests<Found>(findHostFault: FindHostFault): (raw: IncomingMessage) => Asked<Found> {
  const last = new WeakMap<object, Asked<Found>>();
  return (raw) => {
    const { method, url, rawHeaders, socket } = raw;
    const before = last.get(socket);
    if (before !== undefined && before.url === url && before.method === method && isSame(before.rawHeaders, rawHeaders))
      return before;
    const words = isPlainRead(raw) && findHostFault(raw) === undefined ? wordsOf(raw) : undefined;
    const asked: Asked<Found> = { method, url, rawHeaders, words, found: undefined };
    last.set(socket, asked);
    return asked;
  };
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index += 1) if (one[index] !== other[index]) return false;
  return true;
}

/** Only GET without a body: all else is for the routes to judge. */
function isPlainRead({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;
}

/** Everything of a request that an answer for everybody can depend on. Headers cannot hold a line break. */
export function wordsOf({ url, headers }: IncomingMessage): string {
  const { accept = '', 'accept-language': language = '', origin = '' } = headers;
  return `${url}\n${accept}\n${language}\n${origin}`;
}
