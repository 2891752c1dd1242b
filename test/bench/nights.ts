// Nights of deliveries, by a clock that is set: a month of 98 municipalities with three domains each, all daily, and what ten times the history costs a night.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { type DeliveryDescription, type Service, send, sendDelivery, type TableFile } from '../../src/client/index.ts';
import { writeDelivery } from '../../src/demo/write-delivery.ts';
import { loadCatalogue } from '../../src/domains/index.ts';
import type { Municipality } from '../../src/domains/municipalities.ts';
import type { SyntheticDelivery, SyntheticDomain } from '../../src/domains/synthetic.ts';
import { scheduleDeliveries } from '../../src/pipeline/delivery/deliveries/schedule-deliveries.ts';
import { addDays, type Day, instantOf } from '../../src/platform/time/local-time.ts';
import { removeTestServer } from '../harness/database.ts';
import { startService } from '../harness/service.ts';
import { ABSENCE_HEADER, writeAbsence } from './absence.ts';
import { median, type Ratio, secondsOf } from './measure.ts';

/** A month with a change of the clock, and Easter. It is to come: agreements begin in the future. */
const FIRST: Day = '2027-03-01';
const NIGHTS = 31;
const HOUR = 6;
const LEAD_MS = 3_600_000;
/** Municipalities whose population changes from one night to the next. */
const CHANGING = 12;
const SEED = 2026;
const SENDERS = 4;
const UNREACHED = { FLIS_CLIENT_RATE: '1000000', FLIS_CLIENT_MUNICIPALITY_RATE: '1000000' };
const DOMAINS = ['borger', 'skole', 'oekonomi'] as const;
/** Of the nights with much and with little history. */
const CHANGED = '2025-03';
const ABSENCES_A_MONTH = 50;

/** A service with a clock that runs from where it is set. */
async function openService(folder: string) {
  const teardowns: (() => unknown)[] = [];
  let [base, since] = [Date.now(), performance.now()];
  const clock = () => new Date(base + performance.now() - since);
  const scope = { teardown: (fn: () => unknown) => teardowns.unshift(fn) };
  const flis = await startService(scope, { clock, settings: UNREACHED });
  const { workerDeps } = flis;
  if (workerDeps === undefined) throw new Error('no worker');
  const owner = new pg.Pool({ connectionString: flis.database.ownerUrl, max: SENDERS });
  const { municipalities } = await loadCatalogue();
  const real = municipalities.filter(({ synthetic }) => !synthetic);
  const services = new Map<string, Service>();
  for (const { code } of real) {
    const token = await flis.token({ municipality: code, clientId: `bench-${code}`, lifetime: 43_200 });
    services.set(code, { baseUrl: flis.url, token, signal: new AbortController().signal });
  }
  const of = (code: string) => services.get(code) as Service;
  return {
    real,
    owner,
    async deliver(code: string, what: DeliveryDescription, files: readonly TableFile[]): Promise<void> {
      const { state } = await sendDelivery(of(code), what, files, { gzip: false, firstPollMs: 20, longestPollMs: 200 });
      if (state !== 'accepted') throw new Error(`the delivery of ${what.domain} for ${code} was ${state}`);
    },
    /** Agrees on daily deliveries from the first night on. */
    async subscribe(code: string, domain: string, terms: object): Promise<void> {
      const agreement = { commitmentMonths: 12, renewalMonths: 12, noticeMonths: 3, startsOn: FIRST, hour: HOUR };
      const rhythm = { frequency: 'daily', days: 'every' };
      const json = { domain, rhythm, formats: ['csv.gz'], ...agreement, ...terms };
      const { body } = await send(of(code), { method: 'POST', path: '/v1/subscriptions', json });
      await send(of(code), { method: 'POST', path: `/v1/subscriptions/${body.subscriptionId}/activate` });
    },
    /** Sets the clock to when preparing begins for that day. @returns seconds until all that is due on it is ready */
    night(day: Day, expected: number): Promise<number> {
      [base, since] = [instantOf(day, HOUR).getTime() - LEAD_MS, performance.now()];
      return secondsOf(async () => {
        await scheduleDeliveries(workerDeps, clock());
        for (;;) {
          const { rows } = await owner.query(
            'select count(*)::int as ready from delivery where due_on = $1 and ready_at is not null',
            [day],
          );
          if (rows[0].ready >= expected) return;
          await delay(20);
        }
      });
    },
    folder: (name: string) => mkdtemp(join(folder, name)),
    async close(): Promise<void> {
      await owner.end();
      for (const teardown of teardowns) await teardown();
    },
  };
}
type Opened = Awaited<ReturnType<typeof openService>>;

/** Runs `work` for each, some at once. */
async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const run = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: SENDERS }, run));
}

/** Those that the synthetic data leaves out get the data of another municipality under their own code: every subscription has something to deliver. */
function* deliveriesOf(
  { deliveries }: SyntheticDomain,
  own: Municipality,
  other: Municipality,
): Generator<SyntheticDelivery> {
  let any = false;
  for (const delivery of deliveries(own, SEED)) {
    any = true;
    yield delivery;
  }
  if (any) return;
  for (const delivery of deliveries(other, SEED)) {
    const files = delivery.files.map((file) => ({
      ...file,
      *rows() {
        const place = file.header.indexOf('kommunekode');
        for (const row of file.rows()) yield row.map((cell, index) => (index === place ? own.code : cell));
      },
    }));
    yield { ...delivery, files };
  }
}

async function fill(service: Opened): Promise<void> {
  const generators = await Promise.all(
    DOMAINS.map(async (id) => (await import(`../../src/domains/${id}/synthetic.ts`)).synthetic as SyntheticDomain),
  );
  const other = service.real.find(({ code }) => code === '657') as Municipality;
  await forEach(service.real, async (municipality) => {
    for (const generator of generators) {
      for (const delivery of deliveriesOf(generator, municipality, other)) {
        const folder = await service.folder('source-');
        const { kind, sourceSystem, periodFrom, periodTo } = delivery;
        const what = { domain: generator.domain, kind, sourceSystem, periodFrom, periodTo };
        await service.deliver(municipality.code, what, await writeDelivery(delivery, folder));
        await rm(folder, { recursive: true });
      }
      await service.subscribe(municipality.code, generator.domain, { kind: 'total' });
    }
  });
}

/** One cell of the population of some municipalities is another than the day before. */
async function change(service: Opened, night: number): Promise<void> {
  const changing = Array.from({ length: CHANGING }, (_, index) => (night * CHANGING + index) % service.real.length);
  await forEach([...new Set(changing)], async (index) => {
    const { code } = service.real[index] as Municipality;
    const folder = await service.folder('delta-');
    const path = join(folder, 'delta.csv');
    const header = 'kommunekode,maaned,koen,alder_fra,alder_til,civilstand,herkomst,statsborgerskab,distrikt,antal';
    await writeFile(path, `_op,${header}\nU,${code},2025-12,K,30,30,ialt,ialt,ialt,ialt,${1_000 + night}\n`);
    const { rows } = await service.owner.query(
      `select count(*)::int as sent from source_delivery where municipality_code = $1 and domain = 'borger' and kind = 'delta'`,
      [code],
    );
    const what = {
      domain: 'borger',
      kind: 'delta',
      sourceSystem: 'cpr',
      periodFrom: '2025-12',
      periodTo: '2025-12',
    } as const;
    await service.deliver(code, { ...what, sequence: rows[0].sent + 1 }, [{ table: 'bor_befolkning', path }]);
  });
}

async function benchMonth(folder: string): Promise<Ratio[]> {
  const service = await openService(folder);
  try {
    await fill(service);
    const due = service.real.length * DOMAINS.length;
    const seconds: number[] = [];
    for (let night = 0; night < NIGHTS; night += 1) {
      if (night > 0) await change(service, night);
      seconds.push(await service.night(addDays(FIRST, night), due));
    }
    const { rows } = await service.owner.query(
      `select count(*)::int as created, count(distinct (municipality_code, subscription_id, due_on))::int as distinct,
              count(ready_at)::int as ready, count(*) filter (where ready_at <= promised_at)::int as on_time,
              count(*) filter (where unchanged is not null)::int as unchanged,
              (select count(*)::int from event where type = 'delivery.ready') as told,
              (select count(distinct data ->> 'delivery')::int from event where type = 'delivery.ready') as told_of
         from delivery`,
    );
    const { created, distinct, ready, on_time: onTime, unchanged, told, told_of: toldOf } = rows[0];
    const all = due * NIGHTS;
    const [first = 0, ...others] = seconds;
    const figures = `${all} due, ${created} created, ${distinct} different, ${ready} ready, ${onTime} on time, ${unchanged} unchanged; ${told} events of ${toldOf}`;
    const exact = [created, distinct, ready, onTime, told, toldOf].every((count) => count === all);
    return [
      { name: 'month-as-due', value: exact ? 1 : 0, goal: { atLeast: 1 }, figures },
      {
        name: 'night-of-lead',
        value: Math.max(...seconds) / (LEAD_MS / 1000),
        goal: { atMost: 0.1 },
        figures: `${due} deliveries: ${first.toFixed(1)} s in the first night, in which every package is built and every slice added up; then ${median(others).toFixed(1)} s, ${Math.max(...others).toFixed(1)} s at most, with ${CHANGING} municipalities changed`,
      },
    ];
  } finally {
    await service.close();
  }
}

/** The median night of daily deltas in which a month of every municipality has changed. */
async function medianNight(folder: string, first: string, months: number): Promise<number> {
  const service = await openService(folder);
  try {
    const span = { domain: 'skole', sourceSystem: 'kmd-educa' } as const;
    await forEach(service.real, async ({ code }) => {
      const own = await service.folder('history-');
      const path = join(own, 'absence.csv');
      await writeAbsence(path, code, first, months, ABSENCES_A_MONTH);
      await service.deliver(code, { ...span, kind: 'total', periodFrom: first, periodTo: '2025-07' }, [
        { table: 'sko_fravaer_dag', path },
      ]);
      await service.subscribe(code, 'skole', { kind: 'delta', tables: ['sko_fravaer_dag'] });
      await rm(own, { recursive: true });
    });
    const seconds: number[] = [];
    for (let night = 0; night <= 5; night += 1) {
      if (night > 0) {
        await forEach(service.real, async ({ code }) => {
          const own = await service.folder('delta-');
          const path = join(own, 'delta.csv');
          await writeFile(path, `_op,${ABSENCE_HEADER}\nU,${code},900000,${CHANGED}-03,sygdom,0.${night}0\n`);
          const what = { ...span, kind: 'delta', periodFrom: CHANGED, periodTo: CHANGED, sequence: night } as const;
          await service.deliver(code, what, [{ table: 'sko_fravaer_dag', path }]);
        });
      }
      seconds.push(await service.night(addDays(FIRST, night), service.real.length));
    }
    // The first night has no delta.
    return median(seconds.slice(1));
  } finally {
    await service.close();
  }
}

export async function benchNights(folder: string): Promise<Ratio[]> {
  await mkdir(folder, { recursive: true });
  try {
    const month = await benchMonth(folder);
    const short = await medianNight(folder, '2024-08', 12);
    const long = await medianNight(folder, '2015-08', 120);
    const figures = `98 deltas with one changed month each: ${long.toFixed(2)} s with 120 months of history, ${short.toFixed(2)} s with 12`;
    return [...month, { name: 'night-growth', value: long / short, goal: { atMost: 1.3 }, figures }];
  } finally {
    await removeTestServer();
  }
}
