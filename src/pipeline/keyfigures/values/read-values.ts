// The released values of one key figure: a page per answer, made once per release and filter and then kept as bytes.
import type pg from 'pg';
import type { KeyFigure } from '../../../domains/definition.ts';
import type { Catalogue } from '../../../domains/index.ts';
import { type AnswerCache, type CachedAnswer, releaseKey } from '../../../platform/cache/cache.ts';
import { etagOf } from '../../../platform/http/conditional.ts';
import { CSV_MEDIA_TYPE, toCsv } from '../../../platform/http/csv.ts';
import { decodeCursor, encodeCursor, PAGE_OF_VALUES } from '../../../platform/http/paging.ts';
import { withPublished } from '../../../platform/postgres/tenancy.ts';
import { breakdownFilter, listOf, municipalitiesOf, numberOf, periodBounds, presentFigure } from './rules.ts';
import { VALUE_COLUMNS, type ValueQuery } from './schemas.ts';
import { type MunicipalityCell, type PublishedRelease, readCells } from './store.ts';

export interface ReadDeps {
  readonly pool: pg.Pool;
  readonly catalogue: Catalogue;
  readonly cache: AnswerCache;
}

/** In which form the answer is wanted. */
export interface Form {
  readonly csv: boolean;
  readonly language: 'da' | 'en';
  readonly publicOrigin: string;
}

const JSON_MEDIA_TYPE = 'application/json; charset=utf-8';

/**
 * @returns the answer; the address of the next page is its first line (`unpackPage`).
 * @throws Problem `invalid-request`, `invalid-cursor`
 */
export function readValues(
  deps: ReadDeps,
  figure: KeyFigure,
  release: PublishedRelease,
  query: ValueQuery,
  form: Form,
): Promise<CachedAnswer> {
  const filter = {
    municipality: listOf(query.municipality).join(),
    group: listOf(query.group).join(),
    from: query.from ?? '',
    to: query.to ?? '',
    breakdown: query.breakdown ?? '',
    limit: query.limit ?? '',
  };
  const { csv, language } = form;
  const key = releaseKey(
    release.releaseId,
    'values',
    figure.id,
    csv ? 'csv' : language,
    filter.municipality,
    filter.group,
    filter.from,
    filter.to,
    filter.breakdown,
    filter.limit,
    query.cursor ?? '',
  );
  return deps.cache.get(key, () => makeAnswer(deps, figure, release, query, { ...form, filter }));
}

async function makeAnswer(
  deps: ReadDeps,
  figure: KeyFigure,
  release: PublishedRelease,
  query: ValueQuery,
  form: Form & { readonly filter: Readonly<Record<string, string>> },
): Promise<CachedAnswer> {
  const { releaseId } = release;
  const limit = Number(query.limit ?? PAGE_OF_VALUES.items);
  const cells = {
    releaseId,
    keyFigure: figure.id,
    municipalities: municipalitiesOf(deps.catalogue, listOf(query.municipality), listOf(query.group)),
    ...periodBounds(figure, query.from, query.to),
    breakdown: breakdownFilter(figure, query.breakdown),
  };
  const after = query.cursor === undefined ? null : decodeCursor(query.cursor, 3);
  const found = await withPublished(deps.pool, (tx) => readCells(tx, cells, after, limit + 1));
  const items = found.slice(0, limit);
  const last = found.length > limit ? items.at(-1) : undefined;
  const cursor = last && encodeCursor([last.period, last.breakdown, last.municipality]);
  // The link names the release, so that one published meanwhile cannot tear the listing.
  const parameters = Object.entries({ release: releaseId, ...form.filter, cursor: cursor ?? '' });
  if (form.csv) parameters.push(['format', 'csv']);
  const search = new URLSearchParams(parameters.filter(([, text]) => text !== ''));
  const next =
    cursor === undefined ? null : `${form.publicOrigin}/v1/key-figures/${figure.id}/values?${search.toString()}`;
  const text = form.csv ? valuesCsv(figure, release, items) : valuesJson(figure, release, items, next, form.language);
  return packPage(text, next, form.csv ? CSV_MEDIA_TYPE : JSON_MEDIA_TYPE);
}

function valuesJson(
  figure: KeyFigure,
  { releaseId, publishedAt }: PublishedRelease,
  cells: readonly MunicipalityCell[],
  next: string | null,
  language: 'da' | 'en',
): string {
  const items = cells.map(({ municipality, period, breakdown, numerator, denominator, value, status, reason }) => ({
    municipality,
    period,
    breakdown: breakdown === '' ? null : breakdown,
    numerator: numberOf(numerator),
    denominator: numberOf(denominator),
    value: numberOf(value),
    status,
    reason,
  }));
  return JSON.stringify({
    keyFigure: presentFigure(figure, language),
    release: { releaseId, publishedAt },
    items,
    next,
  });
}

function valuesCsv(figure: KeyFigure, release: PublishedRelease, cells: readonly MunicipalityCell[]): string {
  const shared = {
    release_id: release.releaseId,
    published_at: release.publishedAt.toISOString(),
    key_figure: figure.id,
  };
  return toCsv(
    VALUE_COLUMNS,
    cells.map((cell) => ({ ...shared, ...cell })),
  );
}

/** Bytes to keep: the address of the next page (nothing on the last) as a line of its own, then the body; the ETag is the body's. */
function packPage(text: string, next: string | null, mediaType: string): CachedAnswer {
  const body = Buffer.from(text);
  return { body: Buffer.concat([Buffer.from(`${next ?? ''}\n`), body]), etag: etagOf(body), mediaType };
}

/** @returns the body and the address of the next page; no byte is copied. */
export function unpackPage(packed: Buffer): { readonly body: Buffer; readonly next: string | null } {
  const end = packed.indexOf(0x0a);
  return { body: packed.subarray(end + 1), next: end === 0 ? null : packed.toString('latin1', 0, end) };
}
