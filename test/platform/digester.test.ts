// The digester: the right digest from literals and ranges, faults told, and threads that come back when they died.
import { createHash } from 'node:crypto';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { createDigester } from '../../src/platform/digest/digester.ts';
import type { DigestPiece } from '../../src/platform/digest/thread.ts';

const path = join(t.testdir(), 'bytes');
/** More than the thread reads at once. */
const bytes = Buffer.from(Array.from({ length: 1_300_000 }, (_, index) => (index * 7919) % 251));
await writeFile(path, bytes);
const digester = createDigester();
t.teardown(() => digester.close());

const pieces = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((literal) => ({ literal: Buffer.from(literal).toString('base64') })),
    fc
      .tuple(fc.nat(bytes.length - 1), fc.nat(bytes.length - 1))
      .map(([a, b]) => ({ path, start: Math.min(a, b), end: Math.max(a, b) })),
  ),
  { maxLength: 6 },
);

function plainly(order: readonly DigestPiece[]): string {
  const hash = createHash('sha256');
  for (const piece of order)
    hash.update('literal' in piece ? Buffer.from(piece.literal, 'base64') : bytes.subarray(piece.start, piece.end + 1));
  return hash.digest('hex');
}

t.test('digests of pieces, several at a time', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { minLength: 1, maxLength: 5 }), async (orders) => {
      const digests = await Promise.all(orders.map((order) => digester.digest(order)));
      return digests.every((digest, index) => digest === plainly(orders[index] ?? []));
    }),
    { numRuns: 100 },
  );
});

t.test('a piece that is not there is an error, and the next order is served', async (t) => {
  await t.rejects(digester.digest([{ path: `${path}-missing`, start: 0, end: 1 }]), /ENOENT/);
  const short = join(t.testdir(), 'short');
  await writeFile(short, bytes);
  await truncate(short, 10);
  await t.rejects(digester.digest([{ path: short, start: 0, end: 20 }]), /the digest failed/);
  t.equal(await digester.digest([{ literal: '' }]), createHash('sha256').digest('hex'));
});

t.test('what is under way when a digester is closed is given up', async (t) => {
  const own = createDigester();
  const orders = Array.from({ length: 20 }, () => own.digest([{ path, start: 0, end: bytes.length - 1 }]));
  const settled = Promise.allSettled(orders);
  await own.close();
  t.ok((await settled).some(({ status }) => status === 'rejected'));
  t.equal(await own.digest([{ literal: '' }]), createHash('sha256').digest('hex'), 'and its threads come back');
  await own.close();
});
