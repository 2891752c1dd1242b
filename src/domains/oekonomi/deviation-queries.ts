// Queries of the rules that compare a period with earlier ones or a share with a limit. They build SQL text and run nothing.
// All limits are compared in exact arithmetic; the percentages in a finding's text are rounded for reading.

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

/** Whether January of the bucket's year is due. */
const IS_YEAR_DUE = `getvariable('bucket') || '-01' <= getvariable('due')`;

const DA_COMMA = (text: string) => `replace(${text}, '.', ',')`;

/** `detail_da` and `detail_en` from texts with `#` in place of the number, e.g. `# pct. af …`. */
function details(number: string, da: string, en: string): string {
  const around = (text: string, value: string) => `'${text.replace('#', `' || ${value} || '`)}'`;
  return `${around(da, DA_COMMA(number))} as detail_da, ${around(en, number)} as detail_en`;
}

/**
 * Rows of each month against the mean of the three months before it. `counts` yields `reference`, `number` (months
 * since year 0, or years) and `row_count`, 0 for a period that should be there; periods without three delivered ones just before are left alone.
 */
function rowsAgainstMean(counts: string, band: Band, which = 'true'): string {
  const deviation = 'abs(3 * row_count - before)';
  return `select reference, greatest(row_count, 1) as count,
      ${details(percentText('row_count * 3', 'before'), '# pct. af gennemsnittet for de tre perioder før', '# per cent of the mean of the three periods before')}
    from (select *, sum(row_count) over earlier as before, count(*) filter (where row_count > 0) over earlier as periods
      from (${counts})
      window earlier as (partition by kind order by number range between 3 preceding and 1 preceding))
    where periods = 3 and ${which} and ${isInBand(deviation, 'before', band)}
    order by reference`;
}

/**
 * Rows per month. Months up to the last one of `reached` (`regnskabsaar`, `last`) that have none count 0, where the band has no upper limit:
 * they deviate by 100 %, and looking for them costs as much as the rest.
 */
function monthCounts(reached: string, { upTo }: Band): string {
  const missing = `union all select regnskabsaar, unnest(range(1, last + 1)), 0 from (${reached})`;
  return `select '' as kind, periode, regnskabsaar * 12 + periode as number, sum(rows) as row_count,
      regnskabsaar || '-' || lpad(periode::varchar, 2, '0') as reference
    from (select regnskabsaar, periode, 1 as rows from oko_regnskab where periode between 1 and 12
      ${upTo === undefined ? missing : ''})
    group by regnskabsaar, periode`;
}

const LAST_BOOKED = 'select regnskabsaar, max(periode) as last from oko_regnskab where periode between 1 and 12';

/** April to December against the months before them; reads one slice, where no earlier month has three before it. */
export function monthRowsWithinYear(band: Band): string {
  return rowsAgainstMean(monthCounts(`${LAST_BOOKED} group by regnskabsaar`, band), band);
}

/**
 * January to March against months of the year before. Of the two years read, only the newer one has three months before them.
 * A year without any rows lacks at least January, once that is due.
 */
export function monthRowsAcrossYears(band: Band): string {
  const year = `getvariable('bucket')::integer`;
  const reached = `select ${year} as regnskabsaar,
    coalesce((select last from (${LAST_BOOKED} and regnskabsaar = ${year} group by regnskabsaar)), case when ${IS_YEAR_DUE} then 1 else 0 end) as last`;
  return rowsAgainstMean(monthCounts(reached, band), band, 'periode <= 3');
}

/** Budget rows per version against the three years before. Of the four years read, only the newest has three before it; it needs an original budget. */
export function budgetRowsAcrossYears(band: Band): string {
  const missing = `union all select 'opr', getvariable('bucket')::integer, 0 where ${IS_YEAR_DUE}`;
  const counts = `select version as kind, year as number, sum(rows) as row_count, year || ' ' || version as reference
    from (select version, regnskabsaar as year, 1 as rows from oko_budget ${band.upTo === undefined ? missing : ''})
    group by year, version`;
  return rowsAgainstMean(counts, band);
}

/** Months of the year of the bucket without accounts: fewer than 8 of 12, or the same share of those up to the last one booked; of a year without any, those due. */
export function missingMonths(): string {
  const due = `case when not (${IS_YEAR_DUE}) then 0 when left(getvariable('due'), 4) = getvariable('bucket') then right(getvariable('due'), 2)::integer else 12 end`;
  return `select getvariable('bucket') as reference, reached - months as count,
      months || ' af ' || reached || ' måneder' as detail_da, months || ' of ' || reached || ' months' as detail_en
    from (select count(distinct periode) filter (where periode <= 12) as months, coalesce(max(least(periode, 12)), ${due}) as reached
      from oko_regnskab where periode >= 1)
    where months * 12 < reached * 8`;
}

/** Months whose balances do not add up to 0: the difference against the debit side. The opening balance must balance too. */
export function unbalancedMonths(band: Band): string {
  const difference = 'abs(sum(beloeb))';
  const turnover = 'greatest(sum(greatest(beloeb, 0)), -sum(least(beloeb, 0)))';
  return `select regnskabsaar || '/' || periode as reference, count(*) as count,
      ${details(percentText(difference, turnover), 'Forskellen er # pct. af omsætningen', 'The difference is # per cent of the turnover')}
    from oko_regnskab group by regnskabsaar, periode
    having ${isInBand(difference, turnover, band)}
    order by regnskabsaar, periode`;
}

const CHART_KEY = 'hovedkonto, hovedfunktion, funktion, dranst, gruppering';

/** Accounts booked on in `table` that the chart of the year does not hold; one finding for a year without any chart. */
export function accountsOutsideChart(table: string): string {
  const chart = `select aar as regnskabsaar, ${CHART_KEY}, true as charted from oko_kontoplan`;
  return `select case when has_chart then account else regnskabsaar::varchar end as reference, sum(row_count)::bigint as count,
      case when has_chart then null else 'Året har ingen kontoplan.' end as detail_da,
      case when has_chart then null else 'The year has no chart of accounts.' end as detail_en
    from (select regnskabsaar, regnskabsaar in (select aar from oko_kontoplan) as has_chart, count(*) as row_count,
        concat(hovedkonto, '.', hovedfunktion, '.', funktion, ' dranst ', dranst, ' gruppering ', gruppering) as account
      from ${table} left join (${chart}) using (regnskabsaar, ${CHART_KEY})
      where charted is null
      group by regnskabsaar, ${CHART_KEY})
    group by all order by reference`;
}

/** Share of the year's balances on accounts without match to the authorised chart; silent for a year without a chart. */
export function unmatchedShare(band: Band): string {
  const chart = `select aar as regnskabsaar, ${CHART_KEY}, im_match from oko_kontoplan`;
  return `select regnskabsaar::varchar as reference, unmatched as count,
      ${details(percentText('unmatched', 'total'), '# pct. af rækkerne', '# per cent of the rows')}
    from (select regnskabsaar, count(*) as total, count(*) filter (where im_match is not true) as unmatched
      from oko_regnskab left join (${chart}) using (regnskabsaar, ${CHART_KEY})
      where regnskabsaar in (select aar from oko_kontoplan)
      group by regnskabsaar)
    where ${isInBand('unmatched', 'total', band)} order by reference`;
}

/** The numerator of a key figure as a predicate over dranst, hovedkonto, funk and serviceudgift. */
export interface ComparedFigure {
  readonly id: string;
  readonly condition: string;
  /** Whether it reads serviceudgift, so that both years must have a chart. */
  readonly needsChart: boolean;
}

/** Numerators of key figures in the newer of two years against the older one, over the months that both years hold. */
export function sumsAgainstLastYear(figures: readonly ComparedFigure[], band: Band): string {
  const chart = `select aar as regnskabsaar, ${CHART_KEY}, serviceudgift from oko_kontoplan`;
  const sums = figures.map(({ id, condition, needsChart }) => {
    const sum = (year: string) => `coalesce(sum(beloeb) filter (where ${year} and ${condition}), 0)`;
    const charts = needsChart ? 'where (select count(distinct aar) from oko_kontoplan) = 2' : '';
    return `select '${id}' as reference, ${sum('newest')} as now, ${sum('not newest')} as before from shared ${charts}`;
  });
  return `with booked as (
      select regnskabsaar as year, least(periode, 12) as month, hovedkonto, dranst, beloeb,
        hovedkonto || '.' || hovedfunktion || '.' || funktion as funk, coalesce(serviceudgift, false) as serviceudgift
      from oko_regnskab left join (${chart}) using (regnskabsaar, ${CHART_KEY}) where periode >= 1),
    shared as (
      select *, year = (select max(year) from booked) as newest from booked
      where month in (select month from booked group by month having count(distinct year) = 2))
    select reference, ${details(percentText('now - before', 'abs(before)'), '# pct. i forhold til samme måneder året før', '# per cent against the same months last year')}
    from (${sums.join(' union all ')})
    where before <> 0 and ${isInBand('abs(now - before)', 'abs(before)', band)} order by reference`;
}
