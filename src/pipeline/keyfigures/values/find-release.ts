// Finds the release that an answer rests on without asking the database each time: a domain's releases are kept for a second, and then read once
// for everybody who waits.
import type pg from 'pg';
import { createSingleFlight } from '../../../platform/cache/single-flight.ts';
import { Problem } from '../../../platform/http/problem.ts';
import { withPublished } from '../../../platform/postgres/tenancy.ts';
import { NO_RELEASE } from '../errors.ts';
import { type PublishedRelease, readPublished } from './store.ts';

const KEEP_MS = 1_000;

/** Which release: by id, the newest at or before a time, or the newest. */
export interface ReleaseChoice {
  readonly release?: string;
  readonly asOf?: string;
}

/** @throws Problem `no-release` */
export type FindRelease = (domain: string, choice: ReleaseChoice) => Promise<PublishedRelease>;

export function createReleaseFinder(pool: pg.Pool): FindRelease {
  const kept = new Map<string, { readonly until: number; readonly releases: readonly PublishedRelease[] }>();
  const once = createSingleFlight<readonly PublishedRelease[]>();
  const read = (domain: string) =>
    once(domain, async () => {
      const until = performance.now() + KEEP_MS;
      const releases = await withPublished(pool, (tx) => readPublished(tx, domain));
      kept.set(domain, { until, releases });
      return releases;
    });
  return async (domain, choice) => {
    const known = kept.get(domain);
    const releases = known !== undefined && performance.now() < known.until ? known.releases : await read(domain);
    const found = choose(releases, choice);
    if (found === undefined) throw new Problem(NO_RELEASE);
    return found;
  };
}

function choose(releases: readonly PublishedRelease[], { release, asOf }: ReleaseChoice): PublishedRelease | undefined {
  if (release !== undefined) return releases.find(({ releaseId }) => releaseId === release);
  if (asOf === undefined) return releases.at(-1);
  const time = Date.parse(asOf);
  return releases.findLast(({ publishedAt }) => publishedAt.getTime() <= time);
}
