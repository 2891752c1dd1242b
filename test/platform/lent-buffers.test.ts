// Lent buffers: nobody shares one, all come back, large ones are not kept, and a file's bytes are exactly the file's.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { borrowBuffer, LENT_BYTES, returnBuffer, withBuffer, withFileBytes } from '../../src/platform/lent-buffers.ts';

const root = await mkdtemp(join(tmpdir(), 'flis-lent-'));
t.teardown(() => rm(root, { recursive: true, force: true }));

t.test('two borrowers never hold the same memory, and a returned buffer is lent again', async (t) => {
  const first = borrowBuffer(10);
  const second = borrowBuffer(10);
  t.not(first.buffer, second.buffer);
  t.equal(first.length, LENT_BYTES);
  returnBuffer(first);
  t.equal(borrowBuffer(20), first, 'the same buffer once more');
  const large = borrowBuffer(LENT_BYTES + 1);
  t.equal(large.length, LENT_BYTES + 1);
  returnBuffer(large);
  t.not(borrowBuffer(LENT_BYTES + 1), large, 'a large one is not kept');
});

t.test('a buffer comes back when its use fails too', async (t) => {
  let used: ArrayBufferLike | undefined;
  const failing = withBuffer(5, async (buffer) => {
    t.equal(buffer.length, 5);
    used = buffer.buffer;
    throw new Error('no');
  });
  await t.rejects(failing, { message: 'no' });
  t.equal(borrowBuffer(5).buffer, used);
});

t.test('many at once read each its own file', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.nat(3000), fc.integer({ min: LENT_BYTES - 2, max: LENT_BYTES + 2 })), {
        minLength: 1,
        maxLength: 25,
      }),
      async (sizes) => {
        const files = await Promise.all(
          sizes.map(async (size, index) => {
            const bytes = randomBytes(size);
            const path = join(root, `${index}`);
            await writeFile(path, bytes);
            return { path, bytes };
          }),
        );
        const same = await Promise.all(
          files.map(({ path, bytes }) =>
            withFileBytes(path, async (read) => {
              await new Promise((done) => setImmediate(done));
              return read.equals(bytes);
            }),
          ),
        );
        return same.every(Boolean);
      },
    ),
    { numRuns: 30 },
  );
});

t.test('a file that is not there', async (t) => {
  await t.rejects(
    withFileBytes(join(root, 'absent'), async () => {}),
    { code: 'ENOENT' },
  );
});
