// Finds out for whom the address of a calendar feed works. The registers are asked each time, so a feed ends at once with whatever it rests on: itself, its
// maker's client and scope, and the mandate that it was made under. A text that this service did not make costs no query.
import { type AddressKeeper, confirmClient, isTextOf, type Principal } from '../../../access/index.ts';
import { withTenant } from '../../../platform/postgres/tenancy.ts';
import type { FeedDeps } from './create-feed.ts';
import { FEED_TEXTS, SHOWN_BY } from './rules-feeds.ts';
import { findPresentedFeed, noteFeedUse } from './store-feeds.ts';

/** Under this name the register is asked before it is known who asks. */
const ASKING = { domains: null, clientId: 'authentication', requestId: 'authentication' } as const;

/** @returns what knows the addresses of feeds. */
export function feedKeeper({ pool, secrets }: FeedDeps): AddressKeeper {
  return {
    spenderOf(secret) {
      const presented = FEED_TEXTS.parse(secret, secrets.rootSecret);
      // A bucket of its own: whoever learns an address does not use up what its maker may ask.
      return presented && { clientId: `calendar-feed.${presented.id}`, municipality: presented.municipality };
    },
    async verify(secret) {
      const presented = FEED_TEXTS.parse(secret, secrets.rootSecret);
      if (presented === undefined) return undefined;
      const asking = { ...ASKING, municipality: presented.municipality };
      const feed = await withTenant(pool, asking, (tx) => findPresentedFeed(tx, presented.id), { readOnly: true });
      if (feed === undefined || !isTextOf(secret, feed.sha256) || !feed.isLive) return undefined;
      const { clientId, mandateId, domains, expiresAt } = feed;
      const maker: Principal = {
        ...{
          clientId,
          credential: 'address',
          isRegistered: true,
          municipality: presented.municipality,
          domains,
          expiresAt,
        },
        // What the mandate is for, and how long it lasts, the register says.
        mandate: mandateId === null ? null : { id: mandateId, purpose: '', endsAt: expiresAt },
        scopes: new Set([SHOWN_BY]),
      };
      const confirmed = await confirmClient(pool, maker);
      if (!confirmed?.scopes.has(SHOWN_BY)) return undefined;
      if (!feed.isUseNoted) await withTenant(pool, asking, (tx) => noteFeedUse(tx, presented.id));
      return { ...confirmed, scopes: new Set() };
    },
  };
}
