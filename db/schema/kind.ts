// Every table says which of four kinds it is; the kind decides its policies and grants (see tenancy.sql). An undeclared table fails the audit.
// - municipal:  rows of one municipality; row-level security by `municipality_code`.
// - published:  released to everyone entitled; readable by every caller, written by the worker (and by the api where it says so).
// - reference:  facts about the world; read by every caller, added to by the operator at most.
// - system:     the service's own state; never visible to the api role, which may add rows at most.
import { getTableName, type Table } from 'drizzle-orm';

export type TableKind = 'municipal' | 'published' | 'reference' | 'system';

/** What the runtime roles may do with a table besides reading it. */
export interface TableAccess {
  readonly kind: TableKind;
  readonly api: readonly ('select' | 'insert' | 'update' | 'delete')[];
  readonly worker: readonly ('select' | 'insert' | 'update' | 'delete')[];
  /**
   * What a client that works for no municipality may do with rows that name it: `party`: see them, propose one, end one; `author`: add to the log under
   * its own name. Of municipal tables only.
   */
  readonly client?: 'party' | 'author';
}

const declared = new Map<string, TableAccess>();

/** Declares the kind and the grants of `table`, and returns it. */
export function declareTable<T extends Table>(table: T, access: TableAccess): T {
  declared.set(getTableName(table), access);
  return table;
}

/** @returns the text of declared.json, which processes read in place of the tables. */
export function describeTables(): string {
  return `${JSON.stringify(Object.fromEntries([...declared].sort(([a], [b]) => (a < b ? -1 : 1))), null, 2)}\n`;
}

/** @returns the declarations of all tables, by table name. */
export function declaredTables(): ReadonlyMap<string, TableAccess> {
  return declared;
}
