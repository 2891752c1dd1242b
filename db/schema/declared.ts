// What the schema declares of its tables, and its newest migration, for a process that starts: from files that are written when the schema changes,
// because importing the tables loads drizzle-orm (0.8 s of CPU). A test compares declared.json with the tables; `npm run openapi` writes it.
import { readFileSync } from 'node:fs';

/** A privilege that a role can be given on a table. */
export type Privilege = 'select' | 'insert' | 'update' | 'delete';

export interface DeclaredTable {
  readonly kind: string;
  readonly api: readonly Privilege[];
  readonly worker: readonly Privilege[];
  readonly client?: 'party' | 'author';
}

const TABLES = new URL('./declared.json', import.meta.url);
const JOURNAL = new URL('../migrations/meta/_journal.json', import.meta.url);

/** @returns kind and grants of every table, by its name */
export function readDeclaredTables(): Readonly<Record<string, DeclaredTable>> {
  return JSON.parse(readFileSync(TABLES, 'utf8'));
}

/** @returns the name of the newest migration, `0004_name`; `migrate` notes it as the comment of schema `app` */
export function newestMigration(): string {
  const { entries } = JSON.parse(readFileSync(JOURNAL, 'utf8')) as { entries: { tag: string }[] };
  return entries.at(-1)?.tag ?? '';
}
