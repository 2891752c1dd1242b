// Writes the deliveries of municipalities some way ahead of those who send them: while the service is still starting, half of the machine is idle.
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeliveryDescription } from '../client/index.ts';
import type { Municipality } from '../domains/index.ts';
import type { SyntheticDomain } from '../domains/synthetic.ts';
import { type WrittenFile, writeDelivery } from './write-delivery.ts';

/** A delivery that lies in a folder of its own. Nothing of what its rows were made from is kept. */
export interface WrittenDelivery {
  readonly description: DeliveryDescription;
  readonly folder: string;
  readonly files: readonly WrittenFile[];
}

/** All deliveries of one municipality, in the order in which they are to be sent. */
export interface WrittenMunicipality {
  readonly municipality: Municipality;
  readonly deliveries: readonly WrittenDelivery[];
}

/** Municipalities that are written and wait; some megabytes each. */
const AHEAD = 20;

/** What is asked for next, `undefined` after the last one. @throws what writing threw, and when `signal` was aborted */
export type NextMunicipality = () => Promise<WrittenMunicipality | undefined>;

/** Begins to write at once, one municipality after another in the order given. */
export function writeAhead(
  municipalities: readonly Municipality[],
  generators: readonly SyntheticDomain[],
  seed: number,
  outbox: string,
  signal: AbortSignal,
): NextMunicipality {
  const waiting = [...municipalities];
  const written: Promise<WrittenMunicipality>[] = [];
  let last: Promise<unknown> = Promise.resolve();
  const write = async (municipality: Municipality): Promise<WrittenMunicipality> => {
    const deliveries: WrittenDelivery[] = [];
    for (const { domain, deliveries: generate } of generators) {
      for (const delivery of generate(municipality, seed)) {
        signal.throwIfAborted();
        const folder = await mkdtemp(join(outbox, `${municipality.code}-${domain}-`));
        const { kind, sourceSystem, periodFrom, periodTo } = delivery;
        const description = { domain, kind, sourceSystem, periodFrom, periodTo };
        deliveries.push({ description, folder, files: await writeDelivery(delivery, folder) });
      }
    }
    return { municipality, deliveries };
  };
  const goOn = () => {
    while (written.length < AHEAD) {
      const municipality = waiting.shift();
      if (municipality === undefined) return;
      const writing = last.then(() => write(municipality));
      // Whoever asks for it is told.
      writing.catch(() => {});
      last = writing;
      written.push(writing);
    }
  };
  goOn();
  return async () => {
    const next = written.shift();
    goOn();
    return next;
  };
}
