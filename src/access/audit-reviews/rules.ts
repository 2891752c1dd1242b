// Pure arithmetic of the monthly review: how the days of a log add up to lines, and which days are unusual. It knows no database and no clock.

/** What one client did on one day, of one kind. Days are those of Denmark. */
export interface DayLine extends LineKey, LineCounts {
  /** `YYYY-MM-DD`. */
  readonly day: string;
}

interface LineKey {
  readonly client: string;
  readonly mandate: string | null;
  readonly purpose: string | null;
  readonly operation: string;
  readonly domain: string | null;
  readonly cpr: boolean;
}

interface LineCounts {
  readonly entries: number;
  readonly complete: number;
  readonly brokenOff: number;
  readonly withoutEnd: number;
  readonly nothingSent: number;
  /** Requests, not rows. */
  readonly refused: number;
  readonly rows: number;
  readonly bytes: number;
  readonly first: Date;
  readonly last: Date;
}

/** A line of the review: the same over the whole month. */
export type ReviewLine = LineKey & LineCounts & { readonly days: number };

/** A day on which more was sent than is usual. `client` null: by all clients together. */
export interface UnusualDay {
  readonly client: string | null;
  readonly day: string;
  readonly bytes: number;
  /** Of the days compared with; null when there are none. */
  readonly median: number | null;
  readonly comparedDays: number;
}

/** A day is unusual above so many times the median. */
export const FACTOR = 3;
/** Days before the day that it is compared with. */
export const LOOK_BACK_DAYS = 30;
/** Below so many bytes a day is never unusual: a few rows after one are no alarm. A file of two thousand identity pairs has about as many. */
export const FLOOR_BYTES = 100_000;

const DAY_MS = 86_400_000;

/** Adds `count` days (may be negative) to `YYYY-MM-DD`. */
export function addDays(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10);
}

/** @returns the middle value; of an even number, the mean of the two in the middle; null of none. */
export function medianOf(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] as number;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] as number;
  return (lower + upper) / 2;
}

/**
 * The unusual ones of the days of `month` (`YYYY-MM`). A day is compared with those of the 30 days before on which something was sent: days without
 * traffic count as no day, or whoever fetches once a week would be unusual every week. With none to compare with, a day above the floor is unusual.
 * @param volumes bytes by day
 */
export function findUnusualDays(volumes: ReadonlyMap<string, number>, month: string): Omit<UnusualDay, 'client'>[] {
  const found: Omit<UnusualDay, 'client'>[] = [];
  for (const [day, bytes] of [...volumes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!day.startsWith(month) || bytes < FLOOR_BYTES) continue;
    const before = Array.from({ length: LOOK_BACK_DAYS }, (_, index) => volumes.get(addDays(day, -index - 1)) ?? 0);
    const compared = before.filter((volume) => volume > 0);
    const median = medianOf(compared);
    if (median === null || bytes > FACTOR * median) found.push({ day, bytes, median, comparedDays: compared.length });
  }
  return found;
}

/** @returns the unusual days of each client, and of all together, by day. */
export function listUnusualDays(days: readonly DayLine[], month: string): UnusualDay[] {
  const byClient = new Map<string | null, Map<string, number>>();
  for (const { client, day, bytes } of days) {
    for (const whose of [null, client]) {
      const volumes = byClient.get(whose) ?? new Map<string, number>();
      byClient.set(whose, volumes.set(day, (volumes.get(day) ?? 0) + bytes));
    }
  }
  return [...byClient]
    .flatMap(([client, volumes]) => findUnusualDays(volumes, month).map((unusual) => ({ client, ...unusual })))
    .sort((a, b) => compare(a.day, b.day) || compare(a.client ?? '', b.client ?? ''));
}

/** @returns the lines of `month`, by client, operation and domain; what is the same in all but the day is one line. */
export function sumLines(days: readonly DayLine[], month: string): ReviewLine[] {
  const lines = new Map<string, ReviewLine>();
  for (const { day, ...line } of days) {
    if (!day.startsWith(month)) continue;
    const { client, mandate, purpose, operation, domain, cpr } = line;
    const key = JSON.stringify([client, operation, domain, cpr, mandate, purpose]);
    const sum = lines.get(key);
    lines.set(key, sum === undefined ? { ...line, days: 1 } : add(sum, line));
  }
  return [...lines].sort(([a], [b]) => compare(a, b)).map(([, line]) => line);
}

function add(sum: ReviewLine, line: LineCounts): ReviewLine {
  return {
    ...sum,
    days: sum.days + 1,
    entries: sum.entries + line.entries,
    complete: sum.complete + line.complete,
    brokenOff: sum.brokenOff + line.brokenOff,
    withoutEnd: sum.withoutEnd + line.withoutEnd,
    nothingSent: sum.nothingSent + line.nothingSent,
    refused: sum.refused + line.refused,
    rows: sum.rows + line.rows,
    bytes: sum.bytes + line.bytes,
    first: sum.first < line.first ? sum.first : line.first,
    last: sum.last > line.last ? sum.last : line.last,
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
