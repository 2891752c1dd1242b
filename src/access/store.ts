// Writes how often released values were read. Never a person, never a value.
import type { PublishedTx } from '../platform/postgres/tenancy.ts';

export interface CountedRead {
  readonly clientId: string;
  /** Null: an operator. */
  readonly reader: string | null;
  readonly object: string;
  readonly reads: number;
}

/** Adds the reads of released values that were counted in a minute. */
export async function insertReads(tx: PublishedTx, minute: Date, counted: readonly CountedRead[]): Promise<void> {
  await tx.query(
    `insert into released_read (minute, client_id, reader, object, reads)
     select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::int[])`,
    [
      minute,
      counted.map(({ clientId }) => clientId),
      counted.map(({ reader }) => reader),
      counted.map(({ object }) => object),
      counted.map(({ reads }) => reads),
    ],
  );
}
