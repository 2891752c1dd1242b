// A municipality's own newest values of a key figure: unsuppressed, for nobody else, read in its own transaction with a row in the audit log.
import type pg from 'pg';
import { writeAudit } from '../../../access/index.ts';
import type { KeyFigure } from '../../../domains/definition.ts';
import { type Catalogue, formulasOf } from '../../../domains/index.ts';
import { INVALID_CURSOR } from '../../../platform/http/errors.ts';
import { decodeCursor, encodeCursor, PAGE_OF_VALUES } from '../../../platform/http/paging.ts';
import { Problem } from '../../../platform/http/problem.ts';
import { type Tenant, withTenant } from '../../../platform/postgres/tenancy.ts';
import { latestRevision } from '../../../slices/index.ts';
import { formulasHashOf } from '../formulas/rules.ts';
import { joinAt, type Place, placesOf } from '../releases/rules.ts';
import { type Pin, readPins, readValuesAt } from '../releases/store-values.ts';
import type { Joined } from '../rules.ts';
import { breakdownFilter, periodBounds } from './rules.ts';
import type { OwnQuery } from './schemas.ts';

/** What own values rest on, per domain that the figure reads. */
export interface Basis {
  readonly domain: string;
  /** The revision that the values are computed from; null when they are not computed yet. */
  readonly revision: number | null;
  /** The newest revision; above `revision` while it is being computed. 0: nothing was ever delivered. */
  readonly newestRevision: number;
  readonly openErrors: boolean;
}

export interface OwnValue extends Place, Joined {
  readonly status: 'ok' | 'missing' | 'unvalidated';
}

/**
 * @returns a page in order of period and breakdown; `cursor` is null on the last. Later pages rest on the revisions of the first, whatever is loaded
 * meanwhile.
 * @throws Problem `invalid-request`, `invalid-cursor`
 */
export async function readOwnValues(
  deps: { readonly pool: pg.Pool; readonly catalogue: Catalogue },
  tenant: Tenant,
  figure: KeyFigure,
  query: OwnQuery,
): Promise<{ basis: Basis[]; items: OwnValue[]; cursor: string | null }> {
  const isWanted = placeFilter(figure, query);
  const after = query.cursor === undefined ? null : decodeCursor(query.cursor, 3);
  const limit = Number(query.limit ?? PAGE_OF_VALUES.items);
  const domains = [...new Set(formulasOf(figure).map(({ domain }) => domain))].sort();
  const hashes = new Map(domains.map((domain) => [domain, formulasHashOf(deps.catalogue.formulas(domain))]));
  return withTenant(
    deps.pool,
    tenant,
    async (tx) => {
      const revisions = after === null ? undefined : parseBasis(after[2] ?? '');
      const pins = (await readPins(tx, hashes, revisions)).filter(({ domain }) => revisions?.has(domain) ?? true);
      // Values by other formulas, or of revisions that never were, are no continuation.
      if (revisions !== undefined && basisText(pins, hashes) !== after?.[2]) throw new Problem(INVALID_CURSOR);
      const values = await readValuesAt(tx, pins, formulasOf(figure));
      const basis: Basis[] = [];
      for (const domain of domains) {
        const pin = pins.find((one) => one.domain === domain);
        const newestRevision = await latestRevision(tx, domain);
        basis.push({ domain, revision: pin?.revision ?? null, newestRevision, openErrors: pin?.openErrors ?? false });
      }
      const open = basis.some(({ openErrors }) => openErrors);
      const places = placesOf(figure, numeratorPlaces(values.get(figure.numerator.id))).filter(isWanted);
      const rest = places
        .filter((place) => after === null || comparePlaces(place, after) > 0)
        .sort((a, b) => comparePlaces(a, [b.period, b.breakdown]));
      const items = rest.slice(0, limit).map((place) => {
        const joined = joinAt(figure, values, place);
        return { ...place, ...joined, status: statusOf(joined, open) };
      });
      await writeAudit(tx, 'listOwnValues', { keyFigure: figure.id, cells: items.length });
      const last = rest.length > limit ? items.at(-1) : undefined;
      const cursor = last && encodeCursor([last.period, last.breakdown, basisText(pins, hashes)]);
      return { basis, items, cursor: cursor ?? null };
    },
    { repeatableRead: true },
  );
}

const HASH_DIGITS = 16;

/** `borger 3 0123456789abcdef`, comma-separated: the revision and the formulas of each domain. */
function basisText(pins: readonly Pin[], hashes: ReadonlyMap<string, string>): string {
  return pins
    .map(({ domain, revision }) => `${domain} ${revision} ${hashes.get(domain)?.slice(0, HASH_DIGITS)}`)
    .join();
}

/** @returns domain → revision. @throws Problem `invalid-cursor` */
function parseBasis(text: string): Map<string, number> {
  const parts = text.split(',').map((part) => part.split(' '));
  if (parts.some(([, revision = '']) => !/^[1-9][0-9]{0,8}$/.test(revision))) throw new Problem(INVALID_CURSOR);
  return new Map(parts.map(([domain = '', revision]) => [domain, Number(revision)]));
}

function placeFilter(figure: KeyFigure, query: OwnQuery): (place: Place) => boolean {
  const { from, to } = periodBounds(figure, query.from, query.to);
  const breakdown = breakdownFilter(figure, query.breakdown);
  return (place) =>
    (from === null || place.period >= from) &&
    (to === null || place.period <= to) &&
    ('exact' in breakdown ? place.breakdown === breakdown.exact : place.breakdown.startsWith(`${breakdown.column}=`));
}

/** Places whose numerator holds a value, or a reason other than that it vanished. */
function numeratorPlaces(values: ReadonlyMap<string, { readonly missing: string | null }> | undefined): Place[] {
  return [...(values ?? [])]
    .filter(([, { missing }]) => missing !== 'no-data')
    .map(([key]) => {
      const space = key.indexOf(' ');
      return { period: key.slice(0, space), breakdown: key.slice(space + 1) };
    });
}

function comparePlaces(place: Place, [period = '', breakdown = '']: readonly string[]): number {
  if (place.period !== period) return place.period < period ? -1 : 1;
  return place.breakdown < breakdown ? -1 : place.breakdown > breakdown ? 1 : 0;
}

function statusOf({ missing }: Joined, openErrors: boolean): OwnValue['status'] {
  if (missing !== null) return 'missing';
  return openErrors ? 'unvalidated' : 'ok';
}
