// Finds deliveries by their state: those that are to be fetched, and those that were taken back.
import { UsageFault } from '../faults.ts';
import { type Service, send } from '../http.ts';
import { checkListed } from './check-delivery.ts';
import type { ListedDelivery } from './state.ts';

/** In the order in which a delivery passes through them: one that moves on while they are read is then found in the later one. */
export const OPEN_STATES = ['ready', 'fetched'] as const;
const PAGE = 1000;

/** @param domain only of this one; @returns those in one of `states`, the oldest first, so that deltas arrive in their order */
export async function listDeliveries(
  service: Service,
  states: readonly string[],
  domain: string | undefined,
): Promise<ListedDelivery[]> {
  const found = new Map<string, ListedDelivery>();
  for (const state of states) {
    const query = new URLSearchParams({ state, limit: String(PAGE), ...(domain === undefined ? {} : { domain }) });
    for (let search: string | undefined = `?${query}`; search !== undefined; ) {
      const { body } = await send(service, { method: 'GET', path: `/v1/deliveries${search}` });
      if (!Array.isArray(body?.items)) throw new UsageFault('the base URL is not the address of a FLIS service');
      for (const item of body.items) found.set(item.id, checkListed(item));
      // Of the address of the next page only the question counts: the key goes nowhere but to the base URL.
      search = typeof body.next === 'string' ? new URL(body.next).search : undefined;
    }
  }
  return [...found.values()].sort((a, b) => (a.dueOn < b.dueOn ? -1 : a.dueOn > b.dueOn ? 1 : 0));
}
