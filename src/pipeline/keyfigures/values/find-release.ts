// Finds the release that an answer rests on without asking the database each time: a domain’s releases are kept for a moment, and then read once
// for everybody who waits. Only "the newest" may be that old: a release by its id and the newest at a time are what they will always be.
import type pg from 'pg';
import { createSingleFlight } from '../../../platform/cache/single-flight.ts';
import { Problem } from '../../../platform/http/problem.ts';
import { readTime } from '../../../platform/http/wire-forms.ts';
import { withPublished } from '../../../platform/postgres/tenancy.ts';
import { NO_RELEASE } from '../errors.ts';
import { checkChoice } from './rules.ts';
import { type PublishedRelease, type PublishedReleases, readPublished } from './store.ts';

/** With as much for repeated answers, half of the second that a reader may be told of a newer release too late. */
const KEEP_MS = 500;
/** The first read may be one that began before the caller asked; the second one cannot be. */
const FRESH_READS = 2;

/** Which release: by id, the newest at or before a time, or the newest. */
export interface ReleaseChoice {
  readonly release?: string;
  readonly asOf?: string;
}

/** @throws Problem `no-release`; `invalid-request` for an id and a time together */
export type FindRelease = (domain: string, choice: ReleaseChoice) => Promise<PublishedRelease>;

export function createReleaseFinder(pool: pg.Pool): FindRelease {
  const kept = new Map<string, { readonly until: number; readonly list: PublishedReleases }>();
  const once = createSingleFlight<PublishedReleases>();
  const read = (domain: string) =>
    once(domain, async () => {
      const until = performance.now() + KEEP_MS;
      const list = await withPublished(pool, (tx) => readPublished(tx, domain));
      kept.set(domain, { until, list });
      return list;
    });
  return async (domain, choice) => {
    checkChoice(choice);
    const known = kept.get(domain);
    let list = known !== undefined && performance.now() < known.until ? known.list : await read(domain);
    for (let reads = 0; reads < FRESH_READS && !isSettled(list, choice); reads += 1) list = await read(domain);
    const found = choose(list, choice);
    if (found === undefined) throw new Problem(NO_RELEASE);
    return found;
  };
}

/** Whether no release that is published later, or was just now, could change the choice. Times are compared in whole milliseconds. */
function isSettled({ releases, readAt }: PublishedReleases, { release, asOf }: ReleaseChoice): boolean {
  if (release !== undefined) return releases.some(({ releaseId }) => releaseId === release);
  return asOf === undefined || Date.parse(asOf) < readAt.getTime();
}

function choose({ releases }: PublishedReleases, { release, asOf }: ReleaseChoice): PublishedRelease | undefined {
  if (release !== undefined) return releases.find(({ releaseId }) => releaseId === release);
  if (asOf === undefined) return releases.at(-1);
  const time = readTime(asOf, 'query/asOf').getTime();
  return releases.findLast(({ publishedAt }) => publishedAt.getTime() <= time);
}
