// Which frequencies a domain allows on a day: what it declares, until the operator changed it. Pure.
import type { Frequency } from '../../../domains/definition.ts';
import type { Day } from '../../../platform/time/local-time.ts';

/** From `validFrom` on a domain allows these frequencies. */
export interface CapabilityChange {
  /** In the order of their making. */
  readonly change: number;
  readonly domain: string;
  readonly validFrom: Day;
  readonly frequencies: readonly Frequency[];
}

/** What a domain allows today, and from later days on. */
export interface Capability {
  readonly frequencies: readonly Frequency[];
  readonly planned: readonly { readonly validFrom: Day; readonly frequencies: readonly Frequency[] }[];
}

/** Of changes for the same day the last one holds, so that a planned one can be corrected. */
function inOrder(changes: readonly CapabilityChange[], domain: string): CapabilityChange[] {
  const byDay = new Map<Day, CapabilityChange>();
  const own = changes.filter((change) => change.domain === domain).sort((a, b) => a.change - b.change);
  for (const change of own) byDay.set(change.validFrom, change);
  return [...byDay.values()].sort((a, b) => (a.validFrom < b.validFrom ? -1 : 1));
}

/** @param domain as declared. @param changes of any domains, in any order */
export function capabilityOn(
  domain: { readonly id: string; readonly frequencies: readonly Frequency[] },
  changes: readonly CapabilityChange[],
  day: Day,
): Capability {
  const ordered = inOrder(changes, domain.id);
  return {
    frequencies: ordered.filter(({ validFrom }) => validFrom <= day).at(-1)?.frequencies ?? domain.frequencies,
    planned: ordered
      .filter(({ validFrom }) => validFrom > day)
      .map(({ validFrom, frequencies }) => ({ validFrom, frequencies })),
  };
}
