// Reads how often domains can be delivered: for the catalogue that of today, for an agreement that of a day to come.
import type { Frequency } from '../../../domains/definition.ts';
import { Problem } from '../../../platform/http/problem.ts';
import { type Tx, withPublished } from '../../../platform/postgres/tenancy.ts';
import { type Day, dayOf } from '../../../platform/time/local-time.ts';
import type { CapabilityDeps } from './create-capability.ts';
import { FREQUENCY_NOT_OFFERED } from './errors.ts';
import { type Capability, capabilityOn } from './rules.ts';
import { listChanges } from './store.ts';

/** @returns by domain what holds today, and what is planned */
export async function readCapabilities({ pool, catalogue }: CapabilityDeps): Promise<ReadonlyMap<string, Capability>> {
  const changes = await withPublished(pool, listChanges, { readOnly: true });
  const today = dayOf(new Date());
  return new Map(catalogue.domains.map((domain) => [domain.id, capabilityOn(domain, changes, today)]));
}

/** @throws Problem `frequency-not-offered`, naming what is allowed */
export async function requireFrequency(
  tx: Tx,
  domain: { readonly id: string; readonly frequencies: readonly Frequency[] },
  frequency: Frequency,
  day: Day,
): Promise<void> {
  const { frequencies } = capabilityOn(domain, await listChanges(tx), day);
  if (frequencies.includes(frequency)) return;
  throw new Problem(FREQUENCY_NOT_OFFERED, undefined, { domain: domain.id, day, allowed: frequencies });
}
