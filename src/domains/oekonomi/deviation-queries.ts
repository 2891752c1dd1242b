// Queries of the rules that compare a period with earlier ones or a share with a limit, and the views that a warning and an error share.
// They build SQL text and run nothing.
// All limits are compared in exact arithmetic; the percentages in a finding's text are rounded for reading.

import type { RuleView } from '../definition.ts';

/** Percentages above which a deviation is reported: over `above` and, where `upTo` is given, not over that. */
export interface Band {
  readonly above: number;
  readonly upTo?: number;
}

/** Whether `part` is within the band as a percentage of `whole`; a whole of 0 deviates as soon as the part is not 0. */
export function isInBand(part: string, whole: string, { above, upTo }: Band): string {
  const over = (limit: number) => `(${part}) * 1000 > (${whole}) * ${Math.round(limit * 10)}`;
  return upTo === undefined ? over(above) : `${over(above)} and not (${over(upTo)})`;
}

/** Text of `part` as a percentage of `whole` with one decimal; null when the whole is 0. */
export function percentText(part: string, whole: string): string {
  return `(100 * (${part}) / nullif(${whole}, 0))::decimal(38, 1)::varchar`;
}

const BUCKET_YEAR = 'bucket::integer';

/** Whether January of the bucket's year is due. */
const IS_YEAR_DUE = `bucket || '-01' <= getvariable('due')`;

const DA_COMMA = (text: string) => `replace(${text}, '.', ',')`;

/** `detail_da` and `detail_en` from texts with `#` in place of the number, e.g. `# pct. af …`. */
function details(number: string, da: string, en: string): string {
  const around = (text: string, value: string) => `'${text.replace('#', `' || ${value} || '`)}'`;
  return `${around(da, DA_COMMA(number))} as detail_da, ${around(en, number)} as detail_en`;
}

/**
 * Rows of each period and those of the three before it (`before`). `counts` yields `bucket`, `reference`, `number` (months since year 0, or years) and
 * `row_count`, 0 for a period that should be there; periods without three delivered ones just before are left out. A missing period deviates by 100 %
 * and adds nothing to `before`, nor to the three delivered ones, so it is found by a band without an upper limit only and changes nothing for others.
 */
function rowsAndMean(name: string, counts: string, which = 'true'): RuleView {
  return {
    name,
    query: `select bucket, reference, row_count, before
      from (select *, sum(row_count) over earlier as before, count(*) filter (where row_count > 0) over earlier as periods
        from (${counts})
        window earlier as (partition by bucket, kind order by number range between 3 preceding and 1 preceding))
      where periods = 3 and ${which}`,
  };
}

/** Periods of a view of `rowsAndMean` that deviate from the mean. */
export function rowsAgainstMean({ name }: RuleView, band: Band): string {
  return `select bucket, reference, greatest(row_count, 1) as count,
      ${details(percentText('row_count * 3', 'before'), '# pct. af gennemsnittet for de tre perioder før', '# per cent of the mean of the three periods before')}
    from ${name} where ${isInBand('abs(3 * row_count - before)', 'before', band)}
    order by reference`;
}

/** Rows per month. Months up to the last one of `reached` (`bucket`, `regnskabsaar`, `last`) that have none count 0. */
function monthCounts(reached: string): string {
  return `select bucket, '' as kind, periode, regnskabsaar * 12 + periode as number, sum(rows) as row_count,
      regnskabsaar || '-' || lpad(periode::varchar, 2, '0') as reference
    from (select bucket, regnskabsaar, periode, 1 as rows from oko_regnskab where periode between 1 and 12
      union all select bucket, regnskabsaar, unnest(range(1, last + 1)), 0 from (${reached}))
    group by bucket, regnskabsaar, periode`;
}

const LAST_BOOKED =
  'select bucket, regnskabsaar, max(periode) as last from oko_regnskab where periode between 1 and 12';

/** April to December against the months before them; reads one slice, where no earlier month has three before it. */
export const monthsWithinYear = rowsAndMean(
  'maaneder_i_aaret',
  monthCounts(`${LAST_BOOKED} group by bucket, regnskabsaar`),
);

/**
 * January to March against months of the year before. Of the two years read, only the newer one has three months before them.
 * A year without any rows lacks at least January, once that is due.
 */
export const monthsAcrossYears = rowsAndMean(
  'maaneder_over_aarsskiftet',
  monthCounts(`select bucket, ${BUCKET_YEAR} as regnskabsaar, coalesce(last, case when ${IS_YEAR_DUE} then 1 else 0 end) as last
    from buckets left join (${LAST_BOOKED} and regnskabsaar = ${BUCKET_YEAR} group by bucket, regnskabsaar) using (bucket)`),
  'periode <= 3',
);

/** Budget rows per version against the three years before. Of the four years read, only the newest has three before it; it needs an original budget. */
export const budgetsAcrossYears = rowsAndMean(
  'budgetaar',
  `select bucket, version as kind, year as number, sum(rows) as row_count, year || ' ' || version as reference
    from (select bucket, version, regnskabsaar as year, 1 as rows from oko_budget
      union all select bucket, 'opr', ${BUCKET_YEAR}, 0 from buckets where ${IS_YEAR_DUE})
    group by bucket, year, version`,
);

/** Months of the year of the bucket without accounts: fewer than 8 of 12, or the same share of those up to the last one booked; of a year without any, those due. */
export function missingMonths(): string {
  const due = `case when not (${IS_YEAR_DUE}) then 0 when left(getvariable('due'), 4) = bucket then right(getvariable('due'), 2)::integer else 12 end`;
  return `select bucket, bucket as reference, reached - months as count,
      months || ' af ' || reached || ' måneder' as detail_da, months || ' of ' || reached || ' months' as detail_en
    from (select bucket, coalesce(booked, 0) as months, coalesce(last, ${due}) as reached
      from buckets left join (
        select bucket, count(distinct periode) filter (where periode <= 12) as booked, max(least(periode, 12)) as last
        from oko_regnskab where periode >= 1 group by bucket) using (bucket))
    where months * 12 < reached * 8`;
}

/** What the balances of each month add up to, against the debit side. The opening balance must balance too. */
export const monthBalances: RuleView = {
  name: 'raabalancer',
  query: `select bucket, regnskabsaar, periode, count(*) as row_count, abs(sum(beloeb)) as difference,
      greatest(sum(greatest(beloeb, 0)), -sum(least(beloeb, 0))) as turnover
    from oko_regnskab group by bucket, regnskabsaar, periode`,
};

/** Months of `monthBalances` whose balances do not add up to 0. */
export function unbalancedMonths(band: Band): string {
  return `select bucket, regnskabsaar || '/' || periode as reference, row_count as count,
      ${details(percentText('difference', 'turnover'), 'Forskellen er # pct. af omsætningen', 'The difference is # per cent of the turnover')}
    from ${monthBalances.name} where ${isInBand('difference', 'turnover', band)}
    order by regnskabsaar, periode`;
}

const CHART_KEY = 'hovedkonto, hovedfunktion, funktion, dranst, gruppering';

/** Rows of `table` by account, with what the chart of the year says of it. Accounts are few, so they are gathered before the chart is joined. */
export function accountsOf(table: 'oko_regnskab' | 'oko_budget'): RuleView {
  return {
    name: `konti_${table}`,
    query: `select bucket, regnskabsaar, ${CHART_KEY}, row_count, charted, im_match, regnskabsaar in (select aar from oko_kontoplan) as has_chart
      from (select bucket, regnskabsaar, ${CHART_KEY}, count(*) as row_count from ${table} group by all)
      left join (select bucket, aar as regnskabsaar, ${CHART_KEY}, im_match, true as charted from oko_kontoplan) using (bucket, regnskabsaar, ${CHART_KEY})`,
  };
}

/** Accounts that the chart of the year does not hold; one finding for a year without any chart. `accounts` is one of `accountsOf`. */
export function accountsOutsideChart(accounts: RuleView): string {
  return `select bucket, case when has_chart then account else regnskabsaar::varchar end as reference, sum(row_count)::bigint as count,
      case when has_chart then null else 'Året har ingen kontoplan.' end as detail_da,
      case when has_chart then null else 'The year has no chart of accounts.' end as detail_en
    from (select bucket, regnskabsaar, has_chart, row_count,
        concat(hovedkonto, '.', hovedfunktion, '.', funktion, ' dranst ', dranst, ' gruppering ', gruppering) as account
      from ${accounts.name} where charted is null)
    group by all order by reference`;
}

/** Share of the year's balances on accounts without match to the authorised chart; silent for a year without a chart. */
export function unmatchedShare(accounts: RuleView, band: Band): string {
  return `select bucket, regnskabsaar::varchar as reference, unmatched as count,
      ${details(percentText('unmatched', 'total'), '# pct. af rækkerne', '# per cent of the rows')}
    from (select bucket, regnskabsaar, sum(row_count)::bigint as total, (sum(row_count) filter (where im_match is not true))::bigint as unmatched
      from ${accounts.name} where has_chart group by bucket, regnskabsaar)
    where ${isInBand('unmatched', 'total', band)} order by reference`;
}

/** The numerator of a key figure as a predicate over dranst, hovedkonto, funk and serviceudgift. */
export interface ComparedFigure {
  readonly id: string;
  readonly condition: string;
  /** Whether it reads serviceudgift, so that both years must have a chart. */
  readonly needsChart: boolean;
}

/** Numerators of key figures in the year of the bucket against the year before, over the months that both years hold. All in one pass: a figure by itself takes as long to plan. */
export function sumsAgainstLastYear(figures: readonly ComparedFigure[], band: Band): string {
  const sum = (condition: string) => `coalesce(sum(beloeb) filter (where ${condition}), 0)`;
  const sums = figures.map(
    ({ id, condition, needsChart }) =>
      `{'reference': '${id}', 'charted': ${needsChart ? 'any_value(charts) = 2' : 'true'}, 'now': ${sum(`newest and ${condition}`)}, 'before': ${sum(`not newest and ${condition}`)}}`,
  );
  return `with booked as (
      select bucket, regnskabsaar = ${BUCKET_YEAR} as newest, least(periode, 12) as month, hovedkonto, dranst, beloeb,
        hovedkonto || '.' || hovedfunktion || '.' || funktion as funk, coalesce(serviceudgift, false) as serviceudgift
      from oko_regnskab left join (select bucket, aar as regnskabsaar, ${CHART_KEY}, serviceudgift from oko_kontoplan)
        using (bucket, regnskabsaar, ${CHART_KEY}) where periode >= 1),
    sums as (
      select bucket, unnest([${sums.join(', ')}], recursive := true)
      from booked semi join (select bucket, month from booked group by bucket, month having bool_or(newest) and not bool_and(newest)) shared_months
          using (bucket, month)
        left join (select bucket, count(distinct aar) as charts from oko_kontoplan group by bucket) using (bucket)
      group by bucket)
    select bucket, reference, ${details(percentText('now - before', 'abs(before)'), '# pct. i forhold til samme måneder året før', '# per cent against the same months last year')}
    from sums where charted and before <> 0 and ${isInBand('abs(now - before)', 'abs(before)', band)} order by reference`;
}
