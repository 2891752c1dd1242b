// What the puller remembers between runs, and where in its folder things lie. The folder of a delivery appears whole: `<domain>/<day>_<delivery>`; all else
// is below `.flis`.
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageFault } from '../faults.ts';
import { syncFolder, writeWhole } from './write-durably.ts';

/** A file as the manifest names it; `sha256` in hex. */
export interface NamedFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A delivery as it is listed. */
export interface ListedDelivery {
  readonly id: string;
  readonly domain: string;
  readonly dueOn: string;
  readonly subscriptionId: string;
}

/** Where a delivery lies, relative to the folder. */
export const pathOf = ({ domain, dueOn, id }: ListedDelivery) => join(domain, `${dueOn}_${id}`);

export async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** A delivery that lies in the folder. */
export interface HeldDelivery extends ListedDelivery {
  /** Relative to the folder. */
  readonly path: string;
  readonly files: readonly NamedFile[];
}

/** Everything that is remembered. Deliveries that are acknowledged are not: the service lists them no more. */
export interface Memory {
  readonly version: 1;
  /** The one that all deliveries here are for; null before the first run. */
  municipality: string | null;
  /** The keys that manifests were ever found signed with: id → the public key. */
  readonly keys: Record<string, string>;
  /** Fetched, and not acknowledged yet: delivery → what is here of it. */
  readonly unacknowledged: Record<string, HeldDelivery>;
  /** The newest of each subscription: what does not change need not be fetched again. */
  readonly newest: Record<string, HeldDelivery>;
}

export interface PullState {
  readonly folder: string;
  readonly memory: Memory;
  /** Where a delivery is put together. */
  workOf(deliveryId: string): string;
  /** Where receipts are kept. */
  readonly receipts: string;
  /** Removes what was begun of deliveries that are not in `wanted`. */
  tidy(wanted: ReadonlySet<string>): Promise<void>;
  save(): Promise<void>;
}

const OWN = '.flis';

/** @returns the path of the lock; makes the folder when there is none. */
export async function prepareFolder(folder: string): Promise<string> {
  await mkdir(join(folder, OWN), { recursive: true, mode: 0o700 });
  return join(folder, OWN, 'lock');
}

/** Reads what the runs before have left. Only under the lock. @throws UsageFault when it cannot be read */
export async function openState(folder: string): Promise<PullState> {
  const own = join(folder, OWN);
  const path = join(own, 'state.json');
  const works = join(own, 'work');
  const receipts = join(own, 'receipts');
  await mkdir(works, { recursive: true, mode: 0o700 });
  await mkdir(receipts, { recursive: true, mode: 0o700 });
  await syncFolder(own);
  const memory = await readMemory(path);
  return {
    ...{ folder, memory, receipts },
    workOf: (deliveryId) => join(works, deliveryId),
    async tidy(wanted) {
      for (const name of await readdir(works))
        if (!wanted.has(name)) await rm(join(works, name), { recursive: true, force: true });
    },
    save: () => writeWhole(path, `${JSON.stringify(memory, null, 1)}\n`),
  };
}

async function readMemory(path: string): Promise<Memory> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { version: 1, municipality: null, keys: {}, unacknowledged: {}, newest: {} };
  }
  const memory = parse(text);
  if (memory?.version !== 1) throw new UsageFault(`${path} is no state of this program: move it away to begin anew`);
  return memory;
}

function parse(text: string): Memory | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
