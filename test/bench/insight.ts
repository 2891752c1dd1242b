// Insight: a citizen's access request over 24 months of the largest municipality, delivered to week by week and fetched from; and the review of a month with
// a million rows in the log and a million in the month before. Seconds, from the request to the answer.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { send } from '../../src/client/index.ts';
import { untilState } from '../../src/demo/until-state.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { withTenant } from '../../src/platform/postgres/tenancy.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { addMonths } from '../../src/platform/time/period.ts';
import { ABSENCE_HEADER } from './absence.ts';
import { median, type Ratio, secondsOf } from './measure.ts';
import { type BenchService, POLL_MS, startBenchService } from './service.ts';

const ROUNDS = 3;
const MUNICIPALITY = '101';
const WEEKS = 104;
const PUPILS = 70_000;
const EVENTS_A_YEAR = 100_000;
const ABSENCE_A_MONTH = 60_000;
const FIRST_MONTH = '2023-08';
const MONTHS = 24;
const LAST_YEAR = '2024-2025';
/** Downloads of each package, and rows of the log in each of two months. */
const DOWNLOADS = 50;
const LOG_ROWS = 1_000_000;
const REVIEWED = '2025-03';

const two = (number: number) => String(number).padStart(2, '0');
/** Replacement numbers, which no person has, with dates that exist. */
const cprOf = (person: number) =>
  `${61 + (person % 28)}${two(1 + (Math.floor(person / 28) % 12))}${two(10 + (Math.floor(person / 336) % 8))}4${String(Math.floor(person / 2688)).padStart(3, '0')}`;
const identOf = (pupil: number) => 10_000_000 + ((pupil * 1_103_515) % 67_108_859);
const PERSON = 777;

const PUPIL_HEADER =
  'kommunekode,skoleaar,elev_ident,institution_nr,klasse_id,gyldig_fra,gyldig_til,cpr,personligt_klassetrin,elevtype,er_tosproget,skoledistrikt,betalingskommune,bopaelskommune,kommunal_tilhoersforhold,bopaelskommune_fra_cpr,produktionssystem';
const EVENT_HEADER = 'kommunekode,cpr,haendelse,dato,fra_kommune,til_kommune,alder';
const pupil = (year: string, index: number, district: number) =>
  `${MUNICIPALITY},${year},${identOf(index)},${101_000 + (index % 80)},${index % 10}${'ABC'[index % 3]},${year.slice(0, 4)}-08-01,,${cprOf(index)},${index % 10},1,false,D${district},101,101,101,false,kmd-educa`;
const event = (year: number, index: number) =>
  `${MUNICIPALITY},${cprOf(index)},tilflyttet,${year}-${two(1 + (index % 12))}-${two(1 + (index % 28))},147,101,${index % 90}`;
const absence = (month: string, index: number) =>
  `${MUNICIPALITY},${identOf(index % PUPILS)},${month}-${two(1 + (index % 20))},sygdom,1.00`;

async function writeLines(path: string, header: string, lines: Iterable<string>): Promise<void> {
  const stream = createWriteStream(path);
  stream.write(`${header}\n`);
  for (const line of lines) if (!stream.write(`${line}\n`)) await once(stream, 'drain');
  stream.end();
  await finished(stream);
}

function* range(count: number): Generator<number> {
  for (let index = 0; index < count; index += 1) yield index;
}

/** access-request: POST to the answer. audit-review: GET of a month. */
export async function benchInsight(folder: string): Promise<Ratio[]> {
  const service = await startBenchService(folder);
  try {
    await deliverHistory(service, folder);
    const log = await fillLog(service);
    const scopes = ['access-requests:answer', 'audit:read'] as const;
    const token = await service.flis.token({ clientId: 'dpo', municipality: MUNICIPALITY, scopes: [...scopes] });
    const dpo = { baseUrl: service.flis.url, token, signal: new AbortController().signal };
    const cpr = cprOf(PERSON);
    let answer: { data: unknown[]; packages: { transfers: unknown[] }[] } = { data: [], packages: [] };
    const searching: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      searching.push(
        await secondsOf(async () => {
          const { body } = await send(dpo, { method: 'POST', path: '/v1/access-requests', json: { cpr } });
          const path = `/v1/access-requests/${body.id}`;
          await untilState(dpo, path, ['answered'], POLL_MS);
          answer = (await send(dpo, { method: 'GET', path })).body.answer;
        }),
      );
    }
    const transfers = answer.packages.reduce((sum, line) => sum + line.transfers.length, 0);
    if (answer.data.length < 6 || transfers === 0) throw new Error('the person was not found where they are');
    const reviewing: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const path = `/v1/audit-reviews/${REVIEWED}`;
      reviewing.push(await secondsOf(() => send(dpo, { method: 'GET', path })));
    }
    return [
      {
        name: 'access-request-seconds',
        value: median(searching),
        goal: { atMost: 10 },
        figures: `${log.slices} slices of ${log.rows} rows, ${2 * WEEKS} revisions, ${log.packages} packages, ${log.entries} rows in the log: ${answer.data.length} tables and periods, ${answer.packages.length} packages, ${transfers} transfers`,
      },
      {
        name: 'audit-review-seconds',
        value: median(reviewing),
        goal: { atMost: 10 },
        figures: `a month of ${LOG_ROWS} rows, compared with ${LOG_ROWS} of the month before`,
      },
    ];
  } finally {
    await service.flis.discard();
  }
}

/** Two school years, 24 months of absence and three years of moves, in whole, then a delta of each domain every week; a total and a delta package of each. */
async function deliverHistory(service: BenchService, folder: string): Promise<void> {
  const path = (name: string) => join(folder, `${name}.csv`);
  const months = [...range(MONTHS)].map((index) => addMonths(FIRST_MONTH, index));
  await writeLines(path('pupils'), PUPIL_HEADER, pupilsOf(['2023-2024', LAST_YEAR], PUPILS, 0));
  await writeLines(path('absence'), ABSENCE_HEADER, absences(months));
  await writeLines(path('events'), EVENT_HEADER, events([2023, 2024, 2025]));
  const school = { domain: 'skole', sourceSystem: 'kmd-educa', periodFrom: '2023-08', periodTo: '2025-07' } as const;
  const moves = { domain: 'borger', sourceSystem: 'cpr', periodFrom: '2023-01', periodTo: '2025-12' } as const;
  await service.deliver(MUNICIPALITY, { ...school, kind: 'total' }, [
    { table: 'sko_elev', path: path('pupils') },
    { table: 'sko_fravaer_dag', path: path('absence') },
  ]);
  await service.deliver(MUNICIPALITY, { ...moves, kind: 'total' }, [{ table: 'bor_bevaegelse', path: path('events') }]);
  const api = await service.as(MUNICIPALITY);
  for (let week = 1; week <= WEEKS; week += 1) {
    await writeLines(path('pupils'), `_op,${PUPIL_HEADER}`, upserts(pupilsOf([LAST_YEAR], 200, week)));
    const late = [...range(100)].map((index) => absence('2025-06', ABSENCE_A_MONTH + week * 100 + index));
    await writeLines(path('absence'), `_op,${ABSENCE_HEADER}`, upserts(late));
    const moved = [...range(1000)].map((index) => event(2025, EVENTS_A_YEAR + week * 1000 + index));
    await writeLines(path('events'), `_op,${EVENT_HEADER}`, upserts(moved));
    const files = [
      { table: 'sko_elev', path: path('pupils') },
      { table: 'sko_fravaer_dag', path: path('absence') },
    ];
    await service.deliver(MUNICIPALITY, { ...school, kind: 'delta', sequence: week }, files, POLL_MS);
    const more = [{ table: 'bor_bevaegelse', path: path('events') }];
    await service.deliver(MUNICIPALITY, { ...moves, kind: 'delta', sequence: week }, more, POLL_MS);
    for (const domain of ['skole', 'borger']) {
      for (const what of [{ kind: 'total' }, { kind: 'delta', since: week }]) {
        const { body } = await send(api, { method: 'POST', path: '/v1/packages', json: { domain, ...what } });
        await untilState(api, `/v1/packages/${body.id}`, ['ready'], POLL_MS);
      }
    }
  }
}

function* pupilsOf(years: readonly string[], count: number, district: number): Generator<string> {
  for (const year of years) for (const index of range(count)) yield pupil(year, index, district);
}

function* absences(months: readonly string[]): Generator<string> {
  for (const month of months) for (const index of range(ABSENCE_A_MONTH)) yield absence(month, index);
}

function* events(years: readonly number[]): Generator<string> {
  for (const year of years) for (const index of range(EVENTS_A_YEAR)) yield event(year, index);
}

function* upserts(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield `U,${line}`;
}

/** Downloads of every package, and many of others, straight into the log. @returns how much there is to search */
async function fillLog({ flis: { environment } }: BenchService) {
  const pool = createPool({
    ...{ url: environment.FLIS_DATABASE_URL_WORKER ?? '', max: 1, statementTimeout: 600_000, applicationName: 'bench' },
    context: { secret: Buffer.from(environment.FLIS_CONTEXT_SECRET ?? '', 'hex'), lifetime: 3600 },
  });
  const tenant = {
    municipality: municipalityCodeOf(MUNICIPALITY),
    domains: null,
    clientId: 'bench',
    requestId: 'bench',
  };
  const insert = 'insert into audit_entry (municipality_code, at, client_id, request_id, operation, object, outcome';
  try {
    return await withTenant(pool, tenant, async (tx) => {
      await tx.query(
        `${insert}) select municipality_code, now() - n * interval '1 hour', 'client-' || n % 20, 'bench', 'getPackageFile',
           jsonb_build_object('package', package_id, 'domain', domain, 'file', name, 'rows', rows, 'bytes', bytes, 'cpr', scope <> ''), 'started'
         from package_file join package using (municipality_code, package_id), generate_series(1, $1::integer) n
         where name like any (array['sko_elev.csv.gz', 'bor_bevaegelse.csv.gz', 'archive.zip', 'identitet.csv.gz']) and n % 4 = length(name) % 4`,
        [DOWNLOADS * 4],
      );
      for (const month of [addMonths(REVIEWED, -1), REVIEWED]) {
        await tx.query(
          `${insert}) select $1, $2::date + (n % 27) * interval '1 day' + (n % 86399) * interval '1 second', 'client-' || n % 20, 'bench', 'getPackageFile',
             jsonb_build_object('package', gen_random_uuid(), 'domain', 'skole', 'file', 'sko_elev.csv.gz', 'rows', n, 'bytes', n, 'cpr', false), 'started'
           from generate_series(1, $3::integer) n`,
          [MUNICIPALITY, `${month}-01`, LOG_ROWS / 2],
        );
      }
      await tx.query(
        `${insert}, completes) select municipality_code, at + interval '1 second', client_id, request_id, operation,
           jsonb_build_object('bytes', object -> 'bytes', 'answers', 1), 'complete', entry from audit_entry where outcome = 'started'`,
      );
      const [found] = await tx.query<{ slices: number; rows: number; packages: number; entries: number }>(
        `select (select count(*) from slice) as slices, (select sum(rows)::bigint from slice) as rows,
           (select count(*) from package) as packages, (select count(*) from audit_entry) as entries`,
      );
      return found ?? { slices: 0, rows: 0, packages: 0, entries: 0 };
    });
  } finally {
    await pool.end();
  }
}
