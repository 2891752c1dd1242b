// Conditional answers: a strong ETag over the bytes, 304 when the client has them already. HEAD is Fastify's own GET without the bytes.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** What the answer depends on besides the address, for caches between us and the client. */
const VARY = 'Accept, Accept-Language';

/** Says that the answer depends on the request headers `names` too. */
export function varyBy(reply: FastifyReply, names: string): FastifyReply {
  return reply.header('vary', joinVary(reply, names));
}

function joinVary(reply: FastifyReply, names: string): string {
  const said = reply.getHeader('vary');
  return said === undefined ? names : `${names}, ${said}`;
}

/** @returns the strong ETag of a body, quotes included: sha256 as hex. */
export function etagOf(body: Buffer): string {
  return `"${createHash('sha256').update(body).digest('hex')}"`;
}

/** Whether an `If-None-Match` or `If-Match` list names `etag`; `weak` also takes `W/` forms of it, as If-None-Match does (RFC 9110, 13.1). */
export function matchesEtag(list: string, etag: string, weak: boolean): boolean {
  if (list === etag || list.trim() === '*') return true;
  return list.split(',').some((item) => {
    const tag = item.trim();
    return tag === etag || (weak && tag === `W/${etag}`);
  });
}

/** The headers that an answer and its 304 have in common (RFC 9110, 15.4.5). */
export function validatorsOf(reply: FastifyReply, etag: string): Record<string, string> {
  return { etag, vary: joinVary(reply, VARY), 'cache-control': 'private, no-cache' };
}

/** Whether the client has the body with this ETag already. */
export function isKnown({ headers }: Pick<IncomingMessage, 'headers'>, etag: string): boolean {
  const list = headers['if-none-match'];
  return list !== undefined && matchesEtag(list, etag, true);
}

/**
 * Sends bytes with their ETag, or 304 when the client names that ETag.
 * @param etag strong ETag kept with the bytes; computed when absent.
 */
export function sendBody(
  request: FastifyRequest,
  reply: FastifyReply,
  body: Buffer,
  mediaType: string,
  etag: string = etagOf(body),
): FastifyReply {
  const own = reply.getHeader('cache-control');
  reply.headers(validatorsOf(reply, etag));
  if (own !== undefined) reply.header('cache-control', own);
  if (isKnown(request, etag)) return reply.code(304).send();
  return reply.header('content-type', mediaType).send(body);
}
