// What may be known of an error outside the process: its code or class. Messages of PostgreSQL and DuckDB print values.

/** The code of an error (SQLSTATE, `ECONNREFUSED`, `FST_…`) or the name of its class; never its message. */
export function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}

const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', '53100']);

/** Whether a disk is full, or the part of it that we may use: of files, or of PostgreSQL (SQLSTATE 53100). It passes when somebody makes room. */
export function isNoRoom(error: unknown): boolean {
  return NO_ROOM.has(codeOf(error));
}
