// What may be known of an error outside the process: its code or class. Messages of PostgreSQL and DuckDB print values.

/** The code of an error (SQLSTATE, `ECONNREFUSED`, `FST_…`) or the name of its class; never its message. */
export function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}
