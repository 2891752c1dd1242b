// Period arithmetic, as properties over all years the API accepts.
import fc from 'fast-check';
import t from 'tap';
import {
  addMonths,
  endsBefore,
  isPeriod,
  monthSpanOf,
  monthsOf,
  type PeriodKind,
  periodKindOf,
  periodOfMonth,
  periodsBetween,
  shiftPeriod,
  wholePeriods,
} from '../../src/platform/time/period.ts';

const month = fc
  .tuple(fc.integer({ min: 1950, max: 2150 }), fc.integer({ min: 1, max: 12 }))
  .map(([year, index]) => `${year}-${String(index).padStart(2, '0')}`);
const kind = fc.constantFrom<PeriodKind>('year', 'schoolYear', 'quarter', 'month');

t.test('every month lies in its period, and the period names its own months', async (t) => {
  fc.assert(
    fc.property(month, kind, (month, kind) => {
      const period = periodOfMonth(kind, month);
      return isPeriod(kind, period) && monthsOf(period).includes(month) && periodKindOf(period) === kind;
    }),
  );
  t.pass();
});

t.test('shifting there and back ends where it began, and neighbours adjoin', async (t) => {
  fc.assert(
    fc.property(month, kind, fc.integer({ min: -48, max: 48 }), (month, kind, count) => {
      const period = periodOfMonth(kind, month);
      const next = shiftPeriod(period, 1);
      return (
        addMonths(addMonths(month, count), -count) === month &&
        shiftPeriod(shiftPeriod(period, count), -count) === period &&
        addMonths(monthSpanOf(period)?.to ?? '', 1) === monthSpanOf(next)?.from &&
        endsBefore(period, next) &&
        !endsBefore(period, period) &&
        !endsBefore(next, period)
      );
    }),
  );
  t.ok(endsBefore('2024-07', '2024-2025'), 'of different kinds');
  t.notOk(endsBefore('2024-08', '2024-2025'), 'a month within a school year');
  t.notOk(endsBefore('all', '2024') || endsBefore('2024', 'all'), 'what has no time');
});

t.test('a span is covered by its periods without gap or overlap', async (t) => {
  fc.assert(
    fc.property(month, fc.integer({ min: 0, max: 60 }), kind, (from, length, kind) => {
      const periods = periodsBetween(kind, from, addMonths(from, length));
      return periods.every((period, index) => index === 0 || period === shiftPeriod(periods[index - 1] ?? '', 1));
    }),
  );
  t.same(periodsBetween('schoolYear', '2024-07', '2024-08'), ['2023-2024', '2024-2025']);
  t.same(periodsBetween('none', '2024-01', '2024-12'), ['all']);
  t.same(wholePeriods('year', '2023-12', '2024-01'), { from: '2023-01', to: '2024-12' });
  t.same(wholePeriods('schoolYear', '2024-08', '2025-08'), { from: '2024-08', to: '2026-07' });
  t.same(wholePeriods('none', '2024-03', '2024-08'), { from: '2024-03', to: '2024-08' });
});

t.test('what is not a period is none', async (t) => {
  for (const text of ['', '24', '2024-13', '2024-00', '2024Q5', '2024-2026', '2025-2024', '2024-1', 'all ', '٢٠٢٤']) {
    t.equal(periodKindOf(text), undefined, JSON.stringify(text));
  }
  t.equal(periodKindOf('2024-2025'), 'schoolYear');
  t.equal(periodKindOf('2024Q1'), 'quarter');
  t.equal(periodKindOf('all'), 'none');
});
