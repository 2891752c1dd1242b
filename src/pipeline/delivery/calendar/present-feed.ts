// Deliveries as the events of a calendar that people read: in Danish, with the titles of the catalogue. No person, and nothing of the address. Pure.
import type { Catalogue } from '../../../domains/index.ts';
import type { MunicipalityCode } from '../../../platform/tenant.ts';
import { dayOf } from '../../../platform/time/local-time.ts';
import type { LateReason } from '../deliveries/store.ts';
import { changedAt, type Entry, isLate } from './rules.ts';
import { type CalendarEvent, writeCalendar } from './rules-icalendar.ts';
import type { Feed } from './store-feeds.ts';

export interface FeedContent {
  readonly feed: Feed;
  /** When the address ends. */
  readonly endsAt: Date;
  readonly entries: readonly Entry[];
}

const STATES: Readonly<Record<Entry['state'], string>> = {
  planned: 'planlagt',
  scheduled: 'forberedes',
  building: 'forberedes',
  ready: 'klar til hentning',
  fetched: 'hentet',
  acknowledged: 'kvitteret',
  revoked: 'trukket tilbage',
  expired: 'udløbet',
};
const LATE = 'forsinket';
const REASONS: Readonly<Record<LateReason, string>> = {
  'no-source-data': 'der er ikke modtaget kildedata',
  'source-delivery-rejected': 'den seneste kildeleverance blev afvist',
  service: 'fejlen er hos FLIS',
};
const KINDS = { total: 'Alle data', delta: 'Ændringer siden den forrige leverance' } as const;

const LONG_DAY = new Intl.DateTimeFormat('da-DK', { dateStyle: 'long', timeZone: 'Europe/Copenhagen' });

/** @param origin scheme and host under which users reach the service. @returns the feed as iCalendar; besides deliveries it has the end of its own address */
export function presentFeed(
  catalogue: Catalogue,
  municipality: MunicipalityCode,
  { feed, endsAt, entries }: FeedContent,
  now: Date,
  origin: string,
): string {
  const end: CalendarEvent = {
    uid: `${feed.calendarFeedId}-end`,
    start: dayOf(endsAt),
    changedAt: feed.createdAt,
    summary: 'FLIS: kalenderens adresse ophører',
    description: 'Lav en ny adresse, hvis kalenderen stadig skal bruges.',
  };
  return writeCalendar({
    name: `FLIS-leverancer: ${catalogue.municipality(municipality)?.name ?? municipality}`,
    description: `Leverancer af rådata, på det lovede tidspunkt. Adressen virker indtil ${LONG_DAY.format(endsAt)}.`,
    events: [...entries.map((entry) => eventOf(catalogue, entry, now, origin)), end],
  });
}

function eventOf(catalogue: Catalogue, entry: Entry, now: Date, origin: string): CalendarEvent {
  const { id, subscriptionId, replaces, domain, dueOn, promisedAt, agreedKind, tables, formats, readyAt } = entry;
  const late = isLate(entry, now);
  const state = late && readyAt === null ? LATE : STATES[entry.state];
  const titles = tables.map((name) => catalogue.table(name)?.table.title.da ?? name);
  return {
    // Planned or not, it is the same event. A replacement is one more of its day.
    uid: replaces === null ? `${subscriptionId}-${dueOn}` : `${subscriptionId}-${dueOn}-${id}`,
    start: promisedAt,
    changedAt: changedAt(entry, now),
    summary: `FLIS ${catalogue.domain(domain)?.title.da ?? domain}: ${state}`,
    description: [
      ...(replaces === null ? [KINDS[agreedKind]] : [KINDS.total, 'Erstatter en leverance, der er trukket tilbage']),
      ...[`Tabeller: ${titles.join(', ')}`, `Formater: ${formats.join(', ')}`],
      ...(late ? [`Ikke klar til tiden${entry.lateReason === null ? '' : `: ${REASONS[entry.lateReason]}`}`] : []),
    ].join('\n'),
    ...(id === null ? {} : { url: `${origin}/v1/deliveries/${id}` }),
  };
}
