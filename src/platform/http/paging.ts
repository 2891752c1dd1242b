// Keyset paging: opaque cursors and the absolute link to the next page. Offsets are never used, so no load can tear a listing.
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { INVALID_CURSOR } from './errors.ts';
import { Problem } from './problem.ts';

/** One page of a listing. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Absolute address of the next page; null on the last. */
  readonly next: string | null;
}

/** Items of a page when nothing is said, and at most; the latter is a power of ten. */
export interface PageSize {
  readonly items: number;
  readonly most: number;
}

export const PAGE_OF_LIST: PageSize = { items: 100, most: 1000 };
/** Of values, which are small and read by the thousand. */
export const PAGE_OF_VALUES: PageSize = { items: 1000, most: 10_000 };

/** The query parameter `limit` of a listing with such pages. */
export function limitParameter({ items, most }: PageSize) {
  return Type.Optional(
    Type.String({
      pattern: `^(?:[1-9][0-9]{0,${String(most).length - 2}}|${most})$`,
      description: `Most items of a page, 1–${most}; ${items} if not given.`,
    }),
  );
}

const CURSOR = /^[A-Za-z0-9_-]{1,1024}$/;

/** @returns an opaque cursor that holds the key of the last item of a page. */
export function encodeCursor(values: readonly string[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

/**
 * The key inside a cursor. Whoever forges one only chooses where their own listing starts.
 * @param count how many values the key has.
 * @throws Problem `invalid-cursor` unless `text` is exactly what `encodeCursor` makes of that many strings.
 */
export function decodeCursor(text: string, count: number): string[] {
  const values = CURSOR.test(text) ? parseStrings(Buffer.from(text, 'base64url').toString()) : undefined;
  if (values?.length !== count || encodeCursor(values) !== text) throw new Problem(INVALID_CURSOR);
  return values;
}

function parseStrings(text: string): string[] | undefined {
  try {
    const values: unknown = JSON.parse(text);
    // NUL is no character of a PostgreSQL text.
    return Array.isArray(values) && values.every((value) => typeof value === 'string' && !value.includes('\0'))
      ? values
      : undefined;
  } catch {
    return undefined;
  }
}

/** @returns the absolute address of this request with `cursor` in place of its own cursor. */
export function nextLink(request: FastifyRequest, cursor: string): string {
  const url = new URL(request.url, request.server.publicOrigin);
  url.searchParams.set('cursor', cursor);
  return `${request.server.publicOrigin}${url.pathname}${url.search}`;
}

/** Names the next page in a `Link` header. */
export function linkNext(reply: FastifyReply, next: string | null): void {
  if (next !== null) reply.header('link', `<${next}>; rel="next"`);
}

/** Sends a page as JSON, its next page also as a `Link` header. */
export function sendPage<Item>(reply: FastifyReply, page: Page<Item>): FastifyReply {
  linkNext(reply, page.next);
  return reply.send({ items: page.items, next: page.next });
}
