// A toy domain on a database and storage of its own, and deliveries handed straight to the warehouse's job: no HTTP, no queue in between.
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { makeCatalogue } from '../../src/domains/catalogue.ts';
import {
  type Column,
  codeList,
  type Domain,
  defineTable,
  type Rule,
  type Table,
} from '../../src/domains/definition.ts';
import { encryptReceivedFile } from '../../src/pipeline/intake/open-received-file.ts';
import { type WarehouseJobDeps, warehouseJobs } from '../../src/pipeline/warehouse/index.ts';
import { createDuckDbPool } from '../../src/platform/duckdb/pool.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { type Tenant, type TenantTx, withTenant } from '../../src/platform/postgres/tenancy.ts';
import type { JobHandler } from '../../src/platform/queue/queue.ts';
import { createLocalDirectory } from '../../src/platform/storage/local-directory.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { createTestDatabase, TEST_CONTEXT, type TestDatabase, type TestScope } from '../harness/database.ts';

const text = { da: '', en: '' };
const column = (name: string, type: Column['type'], extra: Partial<Column> = {}): Column => ({
  name,
  title: text,
  description: text,
  type,
  nullable: false,
  sensitivity: 'ordinary',
  ...extra,
});
const base = { title: text, description: text, sources: ['kilde', 'ny-kilde'] };

export const MEASURES = defineTable({
  ...base,
  name: 'toy_maal',
  columns: [
    column('maaned', { type: 'month' }),
    column('sted', { type: 'text', maxLength: 10 }),
    column('art', {
      type: 'code',
      list: codeList('toy_art', text, [
        ['a', '', ''],
        ['b', '', ''],
      ]),
    }), // prettier-ignore
    column('antal', { type: 'integer', minimum: 0, maximum: 1000 }),
    column('beloeb', { type: 'money' }, { nullable: true }),
  ],
  key: ['maaned', 'sted'],
  period: { kind: 'month', from: 'maaned' },
});

export const PERSONS = defineTable({
  ...base,
  name: 'toy_person',
  columns: [
    column('borger_id', { type: 'person' }, { sensitivity: 'personal' }),
    column('dato', { type: 'date' }),
    column('foedselsaar', { type: 'integer', minimum: 1850, maximum: 2100 }, { derived: 'birth-year' }),
    column('koen', { type: 'text', maxLength: 1 }, { derived: 'sex' }),
  ],
  key: ['borger_id', 'dato'],
  period: { kind: 'year', from: 'dato' },
});

export const PLACES = defineTable({
  ...base,
  name: 'toy_sted',
  columns: [
    column('sted', { type: 'text', maxLength: 10, pattern: '^[A-Z]{1,3}$' }),
    column('navn', { type: 'text', maxLength: 40 }),
  ],
  key: ['sted'],
  period: { kind: 'none' },
});

const message = { da: 'Der er noget galt.', en: 'Something is wrong.' };
export const RULES: readonly Rule[] = [
  {
    id: 'T1',
    severity: 'error',
    scope: 'row',
    table: 'toy_maal',
    column: 'antal',
    title: text,
    message,
    violation: 'antal > 900',
  },
  { id: 'T2', severity: 'stop', scope: 'row', table: 'toy_maal', title: text, message, violation: 'antal = 666' },
  {
    id: 'T3',
    severity: 'warning',
    scope: 'slice',
    table: 'toy_maal',
    title: text,
    message,
    query: `select bucket, min(maaned) as reference, 'sum ' || sum(antal) as detail_da, null as detail_en from toy_maal
      group by bucket having sum(antal) > 500`,
  },
  {
    id: 'T4',
    severity: 'error',
    scope: 'domain',
    table: 'toy_maal',
    bucket: 'year',
    reads: {
      toy_maal: (year) => Array.from({ length: 12 }, (_, month) => `${year}-${String(month + 1).padStart(2, '0')}`),
      toy_sted: () => ['all'],
    },
    title: text,
    message,
    query: `select bucket, sted as reference, null as detail_da, null as detail_en, count(*) as count from toy_maal
      where sted not in (select sted from toy_sted) group by bucket, sted`,
  },
];

export const TOY: Domain = {
  id: 'toy',
  title: text,
  description: text,
  sources: ['kilde', 'ny-kilde'],
  frequencies: ['daily'],
  tables: [MEASURES, PERSONS, PLACES],
  rules: RULES,
  relations: [],
  keyFigures: [],
};

/** The same domain with tables in place of others. */
export function redeclared(...tables: readonly Table[]): Domain {
  const others = TOY.tables.filter(({ name }) => !tables.some((table) => table.name === name));
  return { ...TOY, tables: [...others, ...tables] };
}

export interface Delivery {
  readonly kind?: 'total' | 'delta';
  readonly from?: string;
  readonly to?: string;
  readonly sequence?: number;
  readonly source?: string;
  readonly files: Readonly<Record<string, string | Buffer>>;
  readonly dialect?: Record<string, unknown>;
}

export const ROOT_SECRET = createHash('sha256').update('a root secret for tests').digest();

/** Everything a test needs; `sent` are the jobs that were enqueued, as they are in the queue's table after commit. */
export async function openScene(t: TestScope, domain: Domain = TOY, municipality = '615', own?: TestDatabase) {
  const database = own ?? (await createTestDatabase(t));
  const folder = await mkdtemp(join(tmpdir(), 'flis-warehouse-'));
  const pool = createPool({
    url: database.workerUrl,
    max: 4,
    statementTimeout: 20_000,
    applicationName: 'test',
    namedStatements: true,
    context: TEST_CONTEXT,
  });
  t.teardown(async () => {
    await pool.end();
    await rm(folder, { recursive: true, force: true });
  });
  const owner = createPool({
    url: database.ownerUrl,
    max: 2,
    statementTimeout: 20_000,
    applicationName: 'test',
    namedStatements: true,
    context: TEST_CONTEXT,
  });
  t.teardown(() => owner.end());
  const storage = createLocalDirectory(join(folder, 'storage'));
  const sent: { queue: string; key: string; payload: object }[] = [];
  const duckdb = createDuckDbPool({
    tempRoot: join(folder, 'duckdb'),
    allowedDirectories: [storage.localRoot],
    memoryLimitMb: 256,
    threads: 1,
  });
  t.teardown(() => duckdb.close());
  const deps: WarehouseJobDeps = {
    pool,
    storage,
    jobs: {
      async send(_tx, queue, key, payload) {
        sent.push({ queue: queue.name, key, payload });
      },
    },
    catalogue: makeCatalogue([domain]),
    limits: { maxInflatedBytes: 1e9, maxInflationRatio: 1000 },
    secrets: { rootSecret: ROOT_SECRET },
    duckdb,
  };
  const tenant: Tenant = {
    municipality: municipalityCodeOf(municipality),
    domains: null,
    clientId: 'test',
    requestId: 'test',
  };
  const read = <Row extends object>(fn: (tx: TenantTx) => Promise<Row[]>) => withTenant(pool, tenant, fn);

  /** Writes the rows and files of a submitted delivery, as intake would. @returns its id */
  const submit = async (delivery: Delivery, code = municipality): Promise<string> => {
    const id = randomUUID();
    const { kind = 'total', from = '2025-01', to = '2025-12', sequence = null, source = 'kilde' } = delivery;
    await owner.query(
      `insert into source_delivery (municipality_code, source_delivery_id, domain, kind, source_system, period_from, period_to, sequence, state, client_id, submitted_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, 'submitted', 'test', now())`,
      [code, id, domain.id, kind, source, from, to, sequence],
    );
    for (const [table, content] of Object.entries(delivery.files)) {
      const plain = Buffer.from(content);
      const gzip = table === 'toy_maal';
      const encrypted = table === 'toy_person';
      const key = `received/municipality=${code}/${id}/${table}-${randomUUID()}`;
      const bytes = gzip ? gzipSync(plain) : plain;
      await storage.put(
        key,
        encrypted
          ? encryptReceivedFile(deps.secrets, municipalityCodeOf(code), key, Readable.from([bytes]))
          : Readable.from([bytes]),
      );
      const header = plain.toString('latin1').split(/\r?\n/)[0] ?? '';
      const delimiter = header.includes(';') ? ';' : ',';
      const dialect = {
        delimiter,
        decimalMark: 'detect',
        encoding: 'detect',
        bom: false,
        newline: 'lf',
        columns: header.split(delimiter),
        ...delivery.dialect,
      }; // prettier-ignore
      await owner.query(
        `insert into source_file (municipality_code, source_delivery_id, table_name, storage_key, bytes, sha256, encrypted, compression, dialect)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [
          code,
          id,
          table,
          key,
          bytes.length,
          createHash('sha256').update(bytes).digest('hex'),
          encrypted ? 'aes-256-gcm' : 'none',
          gzip ? 'gzip' : 'none',
          JSON.stringify(dialect),
        ],
      );
    }
    return id;
  };

  const handlers = warehouseJobs(deps) as unknown as JobHandler<Record<string, unknown>>[];
  const run = (queue: string, payload: Record<string, unknown>, signal = new AbortController().signal) => {
    const handler = handlers.find((each) => each.queue.name === queue);
    return (handler as JobHandler<Record<string, unknown>>).run(payload, {
      jobId: 'job',
      attempt: 1,
      lastAttempt: false,
      signal,
    });
  };
  const load = (id: string, signal?: AbortSignal) =>
    run('revise', { municipality, domain: domain.id, task: 'load', sourceDeliveryId: id }, signal);
  const stateOf = async (id: string) => {
    const [row] = (
      await owner.query('select state, revision, failure from source_delivery where source_delivery_id = $1', [id])
    ).rows;
    return row as { state: string; revision: number | null; failure: string | null };
  };
  const countsOf = async (id: string): Promise<Record<string, number>> => {
    const { rows } = await owner.query(
      'select rule, sum(count)::int as count from finding_count where source_delivery_id = $1 group by rule order by rule',
      [id],
    );
    return Object.fromEntries(rows.map(({ rule, count }) => [rule, count]));
  };
  return {
    database,
    folder,
    pool,
    owner,
    storage,
    deps,
    tenant,
    sent,
    handlers,
    submit,
    run,
    load,
    read,
    stateOf,
    countsOf,
    /** Submits and loads. */
    async deliver(delivery: Delivery) {
      const id = await submit(delivery);
      await load(id);
      return { id, ...(await stateOf(id)), findings: await countsOf(id) };
    },
  };
}

export type Scene = Awaited<ReturnType<typeof openScene>>;

const HEADER = 'kommunekode,maaned,sted,art,antal,beloeb';

/** A file of measures out of `maaned sted art antal beloeb` lines. */
export function measures(lines: readonly string[], municipality = '615'): string {
  return [HEADER, ...lines.map((line) => `${municipality},${line}`)].join('\n');
}

/** A delta's file out of `_op,maaned,sted,…` lines. */
export function measureChanges(lines: readonly string[]): string {
  return [`kommunekode,_op,maaned,sted,art,antal,beloeb`, ...lines.map((line) => `615,${line}`)].join('\n');
}
