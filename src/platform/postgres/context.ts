// Signs what PostgreSQL is told of a transaction: for whom it runs. The database verifies it (db/context.sql) at every statement that reads or
// writes protected rows, so SQL that finds its way into a statement can say what it likes and becomes nobody else.
import pg from 'pg';
import { contextKeyOf, signWith } from '../../../db/schema/context-key.ts';

/** Asks a transaction where it takes place: its backend and its start, `<process id>.<seconds since 1970>`. */
export const PLACE = `select pg_backend_pid() || '.' || extract(epoch from transaction_timestamp()) as place`;

/** For whom it runs: one municipality and perhaps some domains only, a client that works for none, or several for a reason. */
export type Claims =
  | { readonly municipality: string; readonly domains: readonly string[] | null; readonly client: string }
  | { readonly client: string }
  | { readonly reason: string };

/** @returns the text of the setting `app.context` for a transaction at `place`. @throws TypeError when a claim is more than one line. */
export type SignContext = (place: string, claims: Claims) => string;

export interface ContextOptions {
  /** 32 random bytes or more; `migrate` has told the database the key of it. */
  readonly secret: Uint8Array;
  /** Seconds after its start in which a transaction may still see rows: no less than the longest one lasts. */
  readonly lifetime: number;
}

/** Makes the function that signs. Time is the database's alone, so clocks of machines need not agree. */
export function createSignContext({ secret, lifetime }: ContextOptions): SignContext {
  const key = contextKeyOf(secret);
  return (place, claims) => {
    const started = Number(place.split('.')[1]);
    const lines = [String(started + lifetime), ...linesOf(claims)];
    if (lines.some((line) => line.includes('\n'))) throw new TypeError('a claim is one line');
    const payload = lines.join('\n');
    return `${key.keyId}.${signWith(key, `${place}.${payload}`)}.${payload}`;
  };
}

function linesOf(claims: Claims): readonly string[] {
  if ('reason' in claims) return ['', '', claims.reason, ''];
  if (!('municipality' in claims)) return ['', '', '', claims.client];
  return [claims.municipality, claims.domains === null ? '' : arrayOf(claims.domains), '', claims.client];
}

/** An array as PostgreSQL reads it. */
function arrayOf(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`).join(',')}}`;
}

/** A pool whose transactions can say for whom they run. */
export class ContextPool extends pg.Pool {
  readonly sign: SignContext;

  constructor(options: pg.PoolConfig, context: ContextOptions) {
    super(options);
    this.sign = createSignContext(context);
  }
}
