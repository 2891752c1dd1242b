// Finds out which bytes of a file are here already, in the delivery before: all of them, or the slices that have not changed since. A wrong guess costs time
// and nothing else, because the digest of the whole decides.
import { join } from 'node:path';
import { type Service, ServiceFault, send } from '../http.ts';
import type { Stretch } from './fetch-file.ts';
import type { HeldDelivery, NamedFile } from './state.ts';

/** Below this a file is fetched before the questions about it are answered. */
const WORTH_ASKING = 128 * 1024;
/** A shorter stretch between two that are fetched costs less to fetch with them than a request of its own. */
const WORTH_A_REQUEST = 16 * 1024;

/** Where a segment stands; `end` is its last byte. */
interface Segment {
  readonly start: number;
  readonly end: number;
  readonly contentId: string;
}

/** @param folder that `before.path` is relative to */
export async function planStretches(
  service: Service,
  folder: string,
  deliveryId: string,
  file: NamedFile,
  before: HeldDelivery | undefined,
): Promise<Stretch[]> {
  const whole = { end: file.bytes };
  const same = before?.files.find(({ sha256 }) => sha256 === file.sha256);
  if (before !== undefined && same !== undefined)
    return [{ ...whole, copy: { path: join(folder, before.path, same.name), offset: 0 } }];
  const old = before?.files.find(({ name }) => name === file.name);
  // A Parquet file is one piece.
  if (before === undefined || old === undefined || file.bytes < WORTH_ASKING || file.name.endsWith('.parquet'))
    return [whole];
  const wanted = await readSegments(service, deliveryId, file.name);
  const held = await readSegments(service, before.id, old.name);
  return joinStretches(wanted, held, join(folder, before.path, old.name), file.bytes);
}

/** @returns none when the service does not tell (any more) */
async function readSegments(service: Service, deliveryId: string, name: string): Promise<Segment[]> {
  try {
    const path = `/v1/deliveries/${deliveryId}/files/${name}/segments`;
    return (await send(service, { method: 'GET', path })).body.segments;
  } catch (error) {
    if (error instanceof ServiceFault) return [];
    throw error;
  }
}

/** Bytes `start` to `end` (exclusive) that stand at `offset` of the earlier file; undefined: that are to be fetched. */
interface Run {
  readonly start: number;
  readonly end: number;
  readonly offset: number | undefined;
}

/** @returns stretches that are as few as can be: neighbours in both files are copied together, and neighbours that are fetched are fetched together. */
export function joinStretches(
  wanted: readonly Segment[],
  held: readonly Segment[],
  path: string,
  bytes: number,
): Stretch[] {
  const places = new Map(held.map(({ contentId, start }) => [contentId, start]));
  const runs = joinRuns(
    wanted.map(({ start, end, contentId }) => ({ start, end: end + 1, offset: places.get(contentId) })),
  );
  const isShort = ({ start, end }: Run, index: number) =>
    index > 0 && index < runs.length - 1 && end - start < WORTH_A_REQUEST;
  const stretches = joinRuns(runs.map((run, index) => (isShort(run, index) ? { ...run, offset: undefined } : run))).map(
    ({ end, offset }): Stretch => (offset === undefined ? { end } : { end, copy: { path, offset } }),
  );
  // Whatever was said of it: to its end the file is wanted, and no further.
  return [...stretches.filter(({ end }) => end < bytes), { ...stretches.at(-1), end: bytes }];
}

function joinRuns(runs: readonly Run[]): Run[] {
  const joined: Run[] = [];
  for (const run of runs) {
    const last = joined.at(-1);
    const isNext =
      last?.offset === undefined || run.offset === undefined
        ? last?.offset === run.offset
        : run.offset - last.offset === run.start - last.start;
    if (last !== undefined && isNext) joined[joined.length - 1] = { ...last, end: run.end };
    else joined.push(run);
  }
  return joined;
}
