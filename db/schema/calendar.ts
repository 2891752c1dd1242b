// Feeds of the calendar of deliveries: addresses with a secret, for calendar programs. The secret is nowhere, only its digest.
import { customType, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { declareTable } from './kind.ts';

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const time = (name: string) => timestamp(name, { withTimezone: true });

export const calendarFeed = declareTable(
  pgTable(
    'calendar_feed',
    {
      municipalityCode: text('municipality_code').notNull(),
      /** The public part of the secret: it tells with the municipality's code which row it is. */
      feedId: text('feed_id').notNull(),
      name: text('name').notNull(),
      /** Of the whole secret. */
      sha256: bytea('sha256').notNull(),
      /** Null: every domain. */
      domains: text('domains').array(),
      /** The client that made it, with which it ends; a vendor's is in another register, so this is no foreign key. */
      clientId: text('client_id').notNull(),
      /** The mandate that it was made under, with which it ends; null: by the municipality's own client. */
      mandateId: uuid('mandate_id'),
      createdAt: time('created_at').notNull().defaultNow(),
      expiresAt: time('expires_at').notNull(),
      revokedAt: time('revoked_at'),
      /** Right to the minute. */
      lastUsedAt: time('last_used_at'),
    },
    (table) => [primaryKey({ columns: [table.municipalityCode, table.feedId] })],
  ),
  { kind: 'municipal', api: ['select', 'insert', 'update'], worker: [] },
);
