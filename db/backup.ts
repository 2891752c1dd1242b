// Backup and restore of the database without tools outside the lock file: one snapshot as JSON lines, read by the backup role, restored by
// the owner into an empty, migrated database of the same version. Object storage is copied afterwards; see README.md.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import pg from 'pg';
import { readDeclaredTables } from './schema/declared.ts';

/** Rows fetched or inserted at a time. */
const BATCH = 2000;
const JOURNAL = new URL('./migrations/meta/_journal.json', import.meta.url);
/** The queue's open jobs belong to the snapshot: what was submitted goes on after a restore. */
const JOBS = 'pgboss.job';
const MANIFEST = 'backup.json';
/** Rows that a migration has put into an empty database; the backup holds them too. */
const FIRST_ROWS: Readonly<Record<string, string>> = { price_list: `added_by = 'migrate'` };

/** What a backup says of itself. `schema` is the digest of the migrations it was made under. */
interface Manifest {
  readonly madeAt: string;
  readonly schema: string;
  readonly tables: Readonly<Record<string, { readonly rows: number; readonly sha256: string }>>;
}

async function schemaDigest(): Promise<string> {
  return createHash('sha256')
    .update(await readFile(JOURNAL))
    .digest('hex');
}

function sourceOf(table: string): string {
  if (table === JOBS) return `select * from ${JOBS} where state < 'completed'`;
  return `select * from public.${pg.escapeIdentifier(table)}`;
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

/**
 * Writes all rows as of one moment into `folder`, which must not exist. `url` is that of the backup role.
 * Copy object storage only afterwards: it only grows, so whatever the rows name is in the later copy.
 */
export async function backupDatabase(url: string, folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  const client = await connect(url);
  const tables: Record<string, { rows: number; sha256: string }> = {};
  try {
    await client.query('begin isolation level repeatable read read only');
    const { rows } = await client.query<{ now: Date }>('select now()');
    for (const table of [...Object.keys(readDeclaredTables()), JOBS]) {
      const counted = { rows: 0, hash: createHash('sha256') };
      const path = join(folder, `${table}.jsonl.gz`);
      const file = await open(path, 'wx', 0o600);
      await pipeline(
        Readable.from(readLines(client, table, counted)),
        createGzip({ level: 4 }),
        file.createWriteStream({ flush: true }),
      );
      tables[table] = { rows: counted.rows, sha256: counted.hash.digest('hex') };
    }
    await client.query('commit');
    const manifest: Manifest = { madeAt: rows[0]?.now.toISOString() ?? '', schema: await schemaDigest(), tables };
    await writeFile(join(folder, MANIFEST), JSON.stringify(manifest, null, 2), { flag: 'wx', flush: true });
  } finally {
    await client.end();
  }
}

/** Rows as JSON text, made by PostgreSQL and never parsed here, so no number or timestamp loses a digit. */
async function* readLines(
  client: pg.Client,
  table: string,
  counted: { rows: number; hash: ReturnType<typeof createHash> },
) {
  // The alias must be no column of a table: it would be that column's value, not the row.
  await client.query(
    `declare backup_cursor no scroll cursor for select to_json(whole_row)::text as line from (${sourceOf(table)}) whole_row`,
  );
  for (;;) {
    const { rows } = await client.query<{ line: string }>(`fetch ${BATCH} from backup_cursor`);
    if (rows.length === 0) break;
    const text = rows.map(({ line }) => `${line}\n`).join('');
    counted.rows += rows.length;
    counted.hash.update(text);
    yield text;
  }
  await client.query('close backup_cursor');
}

/**
 * Brings a backup into the database of `ownerUrl`, which was migrated by this version and holds no rows; all of it or nothing.
 * @throws when the backup is of another version or damaged, or the database is not empty.
 */
export async function restoreDatabase(ownerUrl: string, folder: string): Promise<void> {
  const manifest = JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')) as Manifest;
  if (manifest.schema !== (await schemaDigest()))
    throw new Error('the backup was made by another version: restore it with that one');
  const client = await connect(ownerUrl);
  try {
    await client.query('begin');
    for (const table of await inOrderOfReferences(client)) {
      // Row-level security is forced on the owner too; it is off only inside this transaction.
      const target = `public.${pg.escapeIdentifier(table)}`;
      const { rows } = await client.query<{ forced: boolean }>(
        'select relforcerowsecurity as forced from pg_class where oid = $1::regclass',
        [target],
      );
      await client.query(`alter table ${target} no force row level security`);
      await restoreTable(client, target, table, folder, manifest);
      if (rows[0]?.forced) await client.query(`alter table ${target} force row level security`);
    }
    await restoreTable(client, JOBS, JOBS, folder, manifest);
    await client.query('commit');
  } finally {
    await client.end();
  }
}

/** Referenced tables first. */
async function inOrderOfReferences(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ child: string; parent: string }>(
    `select distinct c.relname as child, p.relname as parent from pg_constraint f
       join pg_class c on c.oid = f.conrelid join pg_class p on p.oid = f.confrelid
      where f.contype = 'f' and f.connamespace = 'public'::regnamespace and c.oid <> p.oid`,
  );
  const ordered = new Set<string>();
  const visit = (table: string) => {
    if (ordered.has(table)) return;
    for (const { parent } of rows.filter(({ child }) => child === table)) visit(parent);
    ordered.add(table);
  };
  for (const table of Object.keys(readDeclaredTables())) visit(table);
  return [...ordered];
}

async function restoreTable(
  client: pg.Client,
  target: string,
  table: string,
  folder: string,
  manifest: Manifest,
): Promise<void> {
  const first = FIRST_ROWS[table];
  if (first !== undefined) await client.query(`delete from ${target} where ${first}`);
  const { rows: present } = await client.query(`select 1 from ${target} limit 1`);
  if (present.length > 0) throw new Error(`the database is not empty: ${table}`);
  const expected = manifest.tables[table];
  if (expected === undefined) throw new Error(`the backup lacks ${table}`);
  const columns = await columnsOf(client, target);
  const hash = createHash('sha256');
  // Nothing may be awaited between this and the loop: lines that nobody waits for are lost.
  const lines = createInterface({ input: createReadStream(join(folder, `${table}.jsonl.gz`)).pipe(createGunzip()) });
  let batch: string[] = [];
  let rows = 0;
  const insert = async () => {
    if (batch.length === 0) return;
    await client.query(
      `insert into ${target} (${columns}) overriding system value select ${columns} from json_populate_recordset(null::${target}, $1)`,
      [`[${batch.join(',')}]`],
    );
    rows += batch.length;
    batch = [];
  };
  for await (const line of lines) {
    hash.update(`${line}\n`);
    batch.push(line);
    if (batch.length === BATCH) await insert();
  }
  await insert();
  if (rows !== expected.rows || hash.digest('hex') !== expected.sha256)
    throw new Error(`the backup of ${table} is damaged`);
  await advanceIdentity(client, target);
  // So too the numbers of events, which readers have seen up to.
  if (table === EVENT_COUNTER) await client.query(`update ${target} set last = last + ${LEAP}`);
}

/** The columns that take values: what is drawn from others is drawn again. */
async function columnsOf(client: pg.Client, target: string): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `select attname as name from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
    [target],
  );
  return rows.map(({ name }) => pg.escapeIdentifier(name)).join(', ');
}

/** It gives out numbers without an identity column. */
const EVENT_COUNTER = 'event_counter';
/** More numbers than a log hands out between a backup and the loss of its database; JavaScript's numbers bear nine million such leaps. */
const LEAP = 1_000_000_000;

/**
 * Numbers handed out from now on leap over those that were handed out after the backup: what was sealed or seen elsewhere under such a number
 * must never get a namesake.
 */
async function advanceIdentity(client: pg.Client, target: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = $1::regclass and attidentity <> ''`,
    [target],
  );
  for (const { name } of rows) {
    const column = pg.escapeIdentifier(name);
    await client.query(
      `select setval(pg_get_serial_sequence($1, $2), (select coalesce(max(${column}), 0) + ${LEAP} from ${target}), false)`,
      [target, name],
    );
  }
}
