// A clock that does not follow jumps of the machine's, and believes them when they last.
import fc from 'fast-check';
import t from 'tap';
import { createSteadyClock } from '../../src/platform/time/steady-clock.ts';

const START = Date.UTC(2026, 5, 1);
const MINUTE = 60_000;
const YEAR = 365 * 24 * 60 * MINUTE;

/** A machine: its clock is `off` milliseconds from what passes. */
function machine() {
  const at = { passed: 0, off: 0 };
  const clock = createSteadyClock(
    () => new Date(START + at.passed + at.off),
    () => at.passed,
  );
  const offOf = (time: Date) => time.getTime() - START - at.passed;
  return { at, offBy: () => offOf(clock.earliest()), likelyOffBy: () => offOf(clock.likely()) };
}

t.test('a jump ahead is not followed for a quarter of an hour, one back is at once', async (t) => {
  const { at, offBy, likelyOffBy } = machine();
  at.off = YEAR;
  for (; at.passed < 15 * MINUTE; at.passed += MINUTE) t.equal(offBy(), 0, `${at.passed / MINUTE} minutes later`);
  at.off = 0;
  t.equal(offBy(), 0, 'set right again, as if nothing had been');
  at.off = -YEAR;
  t.equal(offBy(), -YEAR);
  t.equal(likelyOffBy(), 0, 'which for a record is no more likely than one ahead');
  at.off = 0;
  t.equal(offBy(), 0);
  at.off = YEAR;
  t.equal(offBy(), 0);
  at.passed += 15 * MINUTE;
  t.equal(offBy(), YEAR, 'one that stays is believed');
  at.off = 0;
  t.equal(offBy(), 0);
});

t.test('from one jump to the next the quarter of an hour begins again', async (t) => {
  const { at, offBy } = machine();
  at.off = YEAR;
  t.equal(offBy(), 0);
  at.passed += 14 * MINUTE;
  at.off = 2 * YEAR;
  t.equal(offBy(), 0);
  at.passed += 14 * MINUTE;
  t.equal(offBy(), 0);
  at.passed += MINUTE;
  t.equal(offBy(), 2 * YEAR);
});

t.test(
  'corrections by less than a minute are followed, however many; never is it later than the machine says',
  async () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ passes: fc.integer({ min: 0, max: MINUTE }), by: fc.integer({ min: -59_000, max: 59_000 }) }),
        ),
        (steps) => {
          const { at, offBy } = machine();
          return steps.every(({ passes, by }) => {
            at.passed += passes;
            at.off += by;
            return offBy() === at.off;
          });
        },
      ),
    );
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ passes: fc.integer({ min: 0, max: 20 * MINUTE }), by: fc.integer({ min: -YEAR, max: YEAR }) }),
        ),
        (steps) => {
          const { at, offBy } = machine();
          return steps.every(({ passes, by }) => {
            at.passed += passes;
            at.off += by;
            return offBy() <= at.off;
          });
        },
      ),
    );
  },
);
