// Reads releases: the list, one with what it rests on, and all its cells as a stream of CSV.
import type pg from 'pg';
import type { Catalogue } from '../../../domains/index.ts';
import { toCsv } from '../../../platform/http/csv.ts';
import { decodeCursor, encodeCursor, PAGE_OF_LIST } from '../../../platform/http/paging.ts';
import { NOT_FOUND, Problem } from '../../../platform/http/problem.ts';
import { withPublished } from '../../../platform/postgres/tenancy.ts';
import { NO_RELEASE } from '../errors.ts';
import { RELEASE_COLUMNS } from './schemas.ts';
import { findRelease, type Release, readReleaseCells, readReleasePins, readReleases } from './store.ts';

/** Cells per chunk of the stream: about 0.5 MB of text, and no connection is held while it is sent. */
const CHUNK_CELLS = 10_000;

/** @returns a page, newest first; `cursor` is null on the last. @throws Problem `invalid-cursor` */
export async function listReleases(
  pool: pg.Pool,
  query: { readonly domain?: string; readonly limit?: string; readonly cursor?: string },
): Promise<{ items: Release[]; cursor: string | null }> {
  const limit = Number(query.limit ?? PAGE_OF_LIST.items);
  const after = query.cursor === undefined ? null : (decodeCursor(query.cursor, 1)[0] ?? null);
  const found = await withPublished(pool, (tx) =>
    readReleases(tx, { domain: query.domain ?? null, after, count: limit + 1 }),
  );
  const items = found.slice(0, limit);
  const last = found.length > limit ? items.at(-1) : undefined;
  return { items, cursor: last === undefined ? null : encodeCursor([last.releaseId]) };
}

interface Pinned {
  readonly municipality: string;
  readonly pins: readonly { readonly domain: string; readonly revision: number; readonly openErrors: boolean }[];
}

/** @returns a release with the municipalities that its domain has data of, and those that it has not. @throws Problem `not-found` */
export async function readWholeRelease(
  deps: { readonly pool: pg.Pool; readonly catalogue: Catalogue },
  releaseId: string,
): Promise<{ release: Release; included: Pinned[]; missing: string[] }> {
  const { release, pins } = await withPublished(deps.pool, async (tx) => ({
    release: await findRelease(tx, releaseId),
    pins: await readReleasePins(tx, releaseId),
  }));
  if (release === undefined) throw new Problem(NOT_FOUND);
  const delivered = new Set(pins.filter(({ domain }) => domain === release.domain).map((pin) => pin.municipality));
  const groups = [...Map.groupBy(pins, ({ municipality }) => municipality)].filter(([code]) => delivered.has(code));
  const included = groups.map(([municipality, own]) => ({
    municipality,
    pins: own.map(({ domain, revision, openErrors }) => ({ domain, revision, openErrors })),
  }));
  const expected = release.state === 'published' ? deps.catalogue.municipalities : [];
  const missing = expected.filter(({ code, synthetic }) => !synthetic && !delivered.has(code)).map(({ code }) => code);
  return { release, included, missing };
}

/** @returns a published release. @throws Problem `no-release` */
export async function findPublished(pool: pg.Pool, releaseId: string): Promise<Release> {
  const release = await withPublished(pool, (tx) => findRelease(tx, releaseId));
  if (release?.state !== 'published') throw new Problem(NO_RELEASE);
  return release;
}

/** All cells of a published release as CSV text, in chunks. */
export async function* streamRelease(pool: pg.Pool, releaseId: string): AsyncGenerator<string> {
  yield toCsv(RELEASE_COLUMNS, []);
  for (let after: string[] | null = ['', '', '', '']; after !== null; ) {
    const from: readonly string[] = after;
    const cells = await withPublished(pool, (tx) => readReleaseCells(tx, releaseId, from, CHUNK_CELLS));
    const rows = cells.map((cell) => ({ ...cell, release_id: releaseId, key_figure: cell.keyFigure }));
    if (rows.length > 0) yield toCsv(RELEASE_COLUMNS, rows).slice(HEADER_LENGTH);
    const last = cells.at(-1);
    const ended = last === undefined || cells.length < CHUNK_CELLS;
    after = ended ? null : [last.keyFigure, last.period, last.breakdown, last.municipality];
  }
}

const HEADER_LENGTH = toCsv(RELEASE_COLUMNS, []).length;
