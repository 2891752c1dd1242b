// Rules of `borger` that compare a month with earlier months: DQ07 (the last three delivered months) and DQ24 (own last year).
// All comparisons are in whole numbers, so a limit is met exactly. No yearly figure adds up months here, so there is no DQ25.
import { shiftPeriod } from '../../platform/time/period.ts';
import type { Rule, RuleView, SliceReads } from '../definition.ts';

/** What a deviation rule measures: `months` yields `bucket`, `maaned` and `size`; `least` is the mean size from which it speaks. */
interface Measured {
  readonly table: string;
  readonly suffix: string;
  readonly months: string;
  readonly least: number;
}

function thisAndLastYear(table: string): SliceReads {
  return { [table]: (year) => [shiftPeriod(year, -1), year] };
}

/** An empty month says something from this mean on: so many events do not stay away by chance. */
const LEAST_BEFORE_NOTHING = 10;

/**
 * The months of the bucket with the size of the three delivered before them (`total`), and those that are missing with a size of 0.
 * A month is missing when the year before holds it and this year has come past it, so that a source which delivers quarters is compared with quarters;
 * of a year without any rows, the first such month is once it is due. A missing month deviates by 100 % and is no delivered month before another,
 * so it is found by the rule without an upper limit only and changes nothing for the other.
 */
function comparedMonths({ suffix, months, least }: Measured): RuleView {
  return {
    name: `maaneder_${suffix}`,
    query: `
    with months as (${months}),
    absent as (
      select bucket, bucket || right(maaned, 3) as maaned from months
      where left(maaned, 4)::integer = bucket::integer - 1
      except select bucket, maaned from months
    ),
    noted as (
      select bucket, maaned, size, 1 as delivered from months
      union all select bucket, maaned, 0, 0 from absent
    ),
    reached as (
      select *, coalesce(max(maaned) filter (where delivered = 1 and left(maaned, 4) = bucket) over year,
        min(maaned) filter (where delivered = 0 and maaned <= getvariable('due')) over year) as last
      from noted window year as (partition by bucket)
    ),
    numbered as (
      select bucket, maaned, size, delivered, sum(delivered) over (partition by bucket order by maaned) + 1 - delivered as number
      from reached where delivered = 1 or maaned <= last
    ),
    compared as (
      select bucket, maaned, size, sum(size) over earlier as total, sum(delivered) over earlier as months
      from numbered window earlier as (partition by bucket order by number range between 3 preceding and 1 preceding)
    )
    select bucket, maaned, size, total from compared
    where months = 3 and left(maaned, 4) = bucket
      and (total >= ${least * 3} or size = 0 and total >= ${LEAST_BEFORE_NOTHING * 3})`,
  };
}

/** Months whose size lies more than `above` % (and at most `upTo` %) from the mean of the three delivered months before. */
function deviationQuery({ name }: RuleView, above: number, upTo?: number): string {
  const deviation = 'abs(size * 3 - total) * 100';
  return `
    select bucket, maaned as reference,
      'antal ' || size || ', gennemsnit ' || (total // 3) as detail_da,
      'count ' || size || ', mean ' || (total // 3) as detail_en
    from ${name}
    where ${deviation} > total * ${above} ${upTo === undefined ? '' : `and ${deviation} <= total * ${upTo}`}
    order by maaned`;
}

/** DQ07 as a warning above 20 % and an error above 50 %. */
export function deviationRules(measured: Measured): Rule[] {
  const view = comparedMonths(measured);
  const common = {
    scope: 'domain',
    table: measured.table,
    bucket: 'year',
    reads: thisAndLastYear(measured.table),
    view,
  } as const;
  return [
    {
      ...common,
      id: `DQ07-${measured.suffix}-20`,
      severity: 'warning',
      title: { da: 'Afviger over 20 % fra de seneste tre måneder', en: 'Over 20 % from the last three months' },
      message: {
        da: 'Antallet afviger mere end 20 % fra gennemsnittet af de tre foregående leverede måneder. Kontrollér, at leverancen er fuldstændig.',
        en: 'The count is more than 20 % from the mean of the three delivered months before. Check that the delivery is complete.',
      },
      query: deviationQuery(view, 20, 50),
    },
    {
      ...common,
      id: `DQ07-${measured.suffix}-50`,
      severity: 'error',
      title: { da: 'Afviger over 50 % fra de seneste tre måneder', en: 'Over 50 % from the last three months' },
      message: {
        da: 'Antallet afviger mere end 50 % fra gennemsnittet af de tre foregående leverede måneder. Lever måneden igen.',
        en: 'The count is more than 50 % from the mean of the three delivered months before. Deliver the month again.',
      },
      query: deviationQuery(view, 50),
    },
  ];
}

/** DQ24 for the population: a month more than 25 % from the same month of the year before. */
export const lastYearRule: Rule = {
  id: 'DQ24-folketal',
  severity: 'warning',
  scope: 'domain',
  table: 'bor_befolkning',
  bucket: 'year',
  reads: thisAndLastYear('bor_befolkning'),
  needsEarlier: true,
  title: { da: 'Folketallet afviger over 25 % fra året før', en: 'Population over 25 % from the year before' },
  message: {
    da: 'Folketallet afviger mere end 25 % fra samme måned året før. Kontrollér måneden.',
    en: 'The population is more than 25 % from the same month of the year before. Check the month.',
  },
  query: `
    with months as (select bucket, maaned, sum(antal) as size from bor_befolkning group by bucket, maaned)
    select now.bucket, now.maaned as reference,
      'antal ' || now.size || ', året før ' || before.size as detail_da,
      'count ' || now.size || ', the year before ' || before.size as detail_en
    from months now
    join months before on now.bucket = before.bucket and right(now.maaned, 2) = right(before.maaned, 2)
      and left(now.maaned, 4)::integer = left(before.maaned, 4)::integer + 1
    where left(now.maaned, 4) = now.bucket and abs(now.size - before.size) * 100 > before.size * 25
    order by now.maaned`,
};
