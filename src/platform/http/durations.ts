// A histogram of durations per kind of request. prom-client's own hashes the labels at every observation (1 µs, a twelfth of a hot read);
// here a kind is found once and then only counted.
import type { Metric, Registry } from 'prom-client';

/** Seconds; the hot read answers below one millisecond, a package of gigabytes takes minutes. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

type Labels = Readonly<Record<string, string>>;

/** Durations of one kind of request. */
export interface DurationSeries {
  observe(seconds: number): void;
}

export interface Durations {
  /** A new series; the caller keeps it. */
  series(labels: Labels): DurationSeries;
}

interface Counted {
  readonly labels: Labels;
  /** Observations per bucket, not cumulated; the last is above all bounds. */
  readonly counts: Float64Array;
  sum: number;
}

/** Adds a histogram to `registry`. */
export function addDurations(registry: Registry, name: string, help: string): Durations {
  const all: Counted[] = [];
  const metric = {
    name,
    async get() {
      return { name, help, type: 'histogram', aggregator: 'sum', values: all.flatMap((each) => valuesOf(name, each)) };
    },
    reset() {
      all.length = 0;
    },
  };
  // A registry takes whatever can be named and read; the types only know its own classes.
  registry.registerMetric(metric as unknown as Metric);
  return {
    series(labels) {
      const counted: Counted = { labels, counts: new Float64Array(BUCKETS.length + 1), sum: 0 };
      all.push(counted);
      return {
        observe(seconds) {
          let bucket = 0;
          while (bucket < BUCKETS.length && seconds > (BUCKETS[bucket] as number)) bucket += 1;
          counted.counts[bucket] = (counted.counts[bucket] as number) + 1;
          counted.sum += seconds;
        },
      };
    },
  };
}

function valuesOf(
  name: string,
  { labels, counts, sum }: Counted,
): { labels: Labels; value: number; metricName: string }[] {
  let total = 0;
  const buckets = [...counts].map((count, index) => {
    total += count;
    return { labels: { ...labels, le: String(BUCKETS[index] ?? '+Inf') }, value: total, metricName: `${name}_bucket` };
  });
  return [
    ...buckets,
    { labels, value: sum, metricName: `${name}_sum` },
    { labels, value: total, metricName: `${name}_count` },
  ];
}
