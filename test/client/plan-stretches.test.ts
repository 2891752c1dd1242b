// Which bytes of a file are copied and which are fetched: put together they are the file, whatever the two files have in common.
import fc from 'fast-check';
import t from 'tap';
import { joinStretches } from '../../src/client/pull/plan-stretches.ts';

/** A file out of pieces; the bytes of a piece follow from its id and length. */
function fileOf(pieces: readonly { id: number; length: number }[]) {
  let start = 0;
  const segments = pieces.map(({ id, length }) => {
    const segment = { start, end: start + length - 1, contentId: `${id}/${length}` };
    start += length;
    return segment;
  });
  return { segments, bytes: Buffer.concat(pieces.map(({ id, length }) => Buffer.alloc(length, id))) };
}

const pieces = fc.array(
  fc.record({ id: fc.integer({ min: 0, max: 5 }), length: fc.constantFrom(1, 10, 16_383, 16_384, 40_000) }),
  { minLength: 1, maxLength: 12 },
);

t.test('stretches make up the file, and are as few as can be', async (t) => {
  const property = fc.property(pieces, pieces, (now, then) => {
    const [wanted, held] = [fileOf(now), fileOf(then)];
    const stretches = joinStretches(wanted.segments, held.segments, 'old', wanted.bytes.length);
    let start = 0;
    const made = stretches.map(({ end, copy }) => {
      const bytes =
        copy === undefined
          ? wanted.bytes.subarray(start, end)
          : held.bytes.subarray(copy.offset, copy.offset + end - start);
      start = end;
      return bytes;
    });
    const fetches = stretches.map(({ copy }) => copy === undefined);
    const isFew = fetches.every((isFetched, index) => !isFetched || fetches[index + 1] !== true);
    return Buffer.concat(made).equals(wanted.bytes) && isFew;
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 500 }));
});

t.test('what is unchanged is copied, in one stretch when it was one', async (t) => {
  const [a, b, c, d] = [1, 2, 3, 4].map((id) => ({ id, length: 40_000 })) as [Piece, Piece, Piece, Piece];
  type Piece = { id: number; length: number };
  const plan = (now: Piece[], then: Piece[]) =>
    joinStretches(fileOf(now).segments, fileOf(then).segments, 'old', fileOf(now).bytes.length);
  t.same(plan([a, b, c], [a, b, c]), [{ end: 120_000, copy: { path: 'old', offset: 0 } }]);
  t.same(plan([a, d, c], [a, b, c]), [
    { end: 40_000, copy: { path: 'old', offset: 0 } },
    { end: 80_000 },
    { end: 120_000, copy: { path: 'old', offset: 80_000 } },
  ]);
  const short = { id: 5, length: 100 };
  t.same(plan([a, short, b], [short]), [{ end: 80_100 }], 'what is too short for a request of its own is fetched');
  t.same(joinStretches([], [], 'old', 7), [{ end: 7 }], 'when nothing is told all is fetched');
});
