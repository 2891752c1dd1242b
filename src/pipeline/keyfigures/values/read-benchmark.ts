// Compares a municipality with a group in one release: the group's statistics, and its own published value and rank.
import type { KeyFigure } from '../../../domains/definition.ts';
import { type CachedAnswer, releaseKey } from '../../../platform/cache/cache.ts';
import { etagOf } from '../../../platform/http/conditional.ts';
import { CSV_MEDIA_TYPE, toCsv } from '../../../platform/http/csv.ts';
import { withPublished } from '../../../platform/postgres/tenancy.ts';
import type { Form, ReadDeps } from './read-values.ts';
import { breakdownFilter, checkPeriod, membersOf, numberOf, presentFigure } from './rules.ts';
import { rank, type Statistics, statisticsOf, visibleCells } from './rules-statistics.ts';
import { BENCHMARK_COLUMNS, type BenchmarkQuery } from './schemas-benchmark.ts';
import { type MunicipalityCell, type PublishedRelease, readCells } from './store.ts';

/** @param own the caller's municipality; null for an operator. @throws Problem `invalid-request` */
export function readBenchmark(
  deps: ReadDeps,
  figure: KeyFigure,
  release: PublishedRelease,
  query: BenchmarkQuery,
  own: string | null,
  form: Form,
): Promise<CachedAnswer> {
  const { group, period, breakdown = '' } = query;
  const variant = form.csv ? 'csv' : form.language;
  const key = releaseKey(release.releaseId, 'benchmark', figure.id, variant, group, period, breakdown, own ?? '');
  return deps.cache.get(key, async () => {
    checkPeriod(figure, period);
    const members = membersOf(deps.catalogue, group);
    const municipalities = own === null || members.includes(own) ? members : [...members, own];
    const filter = breakdownFilter(figure, query.breakdown);
    const cells = await withPublished(deps.pool, (tx) =>
      readCells(
        tx,
        {
          releaseId: release.releaseId,
          keyFigure: figure.id,
          municipalities,
          from: period,
          to: period,
          breakdown: 'column' in filter ? { exact: query.breakdown ?? '' } : filter,
        },
        null,
        municipalities.length,
      ),
    );
    const compared = compareCells(figure, members, cells, own);
    const text = form.csv
      ? benchmarkCsv(figure, release, query, compared)
      : benchmarkJson(figure, release, query, compared, form.language);
    const body = Buffer.from(text);
    return {
      body,
      etag: etagOf(body),
      mediaType: form.csv ? CSV_MEDIA_TYPE : 'application/json; charset=utf-8',
    };
  });
}

interface Own extends Pick<MunicipalityCell, 'municipality' | 'value' | 'status' | 'reason'> {
  readonly rank: number | null;
}

interface Comparison {
  readonly own: Own | null;
  readonly statistics: Statistics;
  readonly ranking: ReturnType<typeof rank>;
  readonly leftOut: readonly Pick<MunicipalityCell, 'municipality' | 'status' | 'reason'>[];
}

/** A municipality without a cell has no data there. */
function absent(municipality: string): Pick<MunicipalityCell, 'municipality' | 'value' | 'status' | 'reason'> {
  return { municipality, value: null, status: 'missing', reason: 'no-data' };
}

function compareCells(
  figure: KeyFigure,
  members: readonly string[],
  cells: readonly MunicipalityCell[],
  own: string | null,
): Comparison {
  const byCode = new Map(cells.map((cell) => [cell.municipality, cell]));
  const visible = visibleCells(members.map((code) => byCode.get(code)).filter((cell) => cell !== undefined));
  const ranking = rank(figure, visible);
  const contributing = new Set(visible.map(({ municipality }) => municipality));
  const leftOut = members
    .filter((code) => !contributing.has(code))
    .map((code) => byCode.get(code) ?? absent(code))
    .map(({ municipality, status, reason }) => ({ municipality, status, reason }));
  return {
    own: own === null ? null : ownOf(byCode.get(own) ?? absent(own), ranking),
    statistics: statisticsOf(figure, visible),
    ranking,
    leftOut,
  };
}

function ownOf(cell: ReturnType<typeof absent>, ranking: Comparison['ranking']): Own {
  const { municipality, value, status, reason } = cell;
  const place = ranking.find((ranked) => ranked.municipality === municipality);
  return { municipality, value, status, reason, rank: place?.rank ?? null };
}

function benchmarkJson(
  figure: KeyFigure,
  { releaseId, publishedAt }: PublishedRelease,
  { group, period, breakdown }: BenchmarkQuery,
  { own, statistics, ranking, leftOut }: Comparison,
  language: 'da' | 'en',
): string {
  const numbers = Object.fromEntries(Object.entries(statistics).map(([name, text]) => [name, numberOf(text)]));
  return JSON.stringify({
    keyFigure: presentFigure(figure, language),
    release: { releaseId, publishedAt },
    group,
    period,
    breakdown: breakdown ?? null,
    own: own && { ...own, value: numberOf(own.value) },
    statistics: numbers,
    contributing: ranking.length,
    leftOut,
    ranking: ranking.map((ranked) => ({ ...ranked, value: numberOf(ranked.value) })),
  });
}

function benchmarkCsv(
  figure: KeyFigure,
  { releaseId, publishedAt }: PublishedRelease,
  { group, period, breakdown }: BenchmarkQuery,
  { own, statistics, ranking, leftOut }: Comparison,
): string {
  return toCsv(BENCHMARK_COLUMNS, [
    {
      release_id: releaseId,
      published_at: publishedAt.toISOString(),
      key_figure: figure.id,
      group,
      period,
      breakdown: breakdown ?? '',
      municipality: own?.municipality,
      value: own?.value,
      status: own?.status,
      rank: own?.rank,
      weighted_mean: statistics.weightedMean,
      sum: statistics.sum,
      mean: statistics.mean,
      minimum: statistics.minimum,
      lower_quartile: statistics.lowerQuartile,
      median: statistics.median,
      upper_quartile: statistics.upperQuartile,
      maximum: statistics.maximum,
      contributing: ranking.length,
      left_out: leftOut.length,
    },
  ]);
}
