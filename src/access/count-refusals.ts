// Puts on record that known callers were refused what belongs to municipalities: counted in memory, written once a minute and when the process stops, a
// row per caller, operation and code, so that nobody can fill the log by being refused. No answer waits for it. A process that is killed loses at most its last minute.
import type pg from 'pg';
import { Counter, type Registry } from 'prom-client';
import type { App } from '../platform/http/app.ts';
import { Problem } from '../platform/http/problem.ts';
import { withPublished, withTenant } from '../platform/postgres/tenancy.ts';
import { writeAudit, writeOperatorAudit } from './audit/index.ts';
import type { Principal } from './principal.ts';
import type { OpenedBy } from './scopes.ts';

type Refused = Pick<Principal, 'clientId' | 'municipality' | 'mandate'>;

export interface RefusalCounter {
  /** @param operation the operation's id in the OpenAPI document; @param code of the problem; @param requestId of the request */
  count(refused: Refused, operation: string, code: string, requestId: string): void;
  /** Writes down what was counted so far; what cannot be written is kept for the next time. Never throws. */
  flush(): Promise<void>;
}

/** Not permitted, not there for this caller, there no more, too often. 401 is none: nobody is known then. */
const REFUSALS: readonly number[] = [403, 404, 410, 429];

/** Routes of what is public, released to everybody, or the service's own; those of all other scopes are about a municipality's own data. */
const NOT_OWN: readonly OpenedBy[] = ['public', 'any', 'key-figures:read', 'operator'];

const MINUTE = 60_000;

/** Refusals of one kind within a minute. */
interface Counted {
  readonly refused: Refused;
  readonly operation: string;
  readonly code: string;
  /** Of the first of them. */
  readonly requestId: string;
  readonly since: Date;
  refusals: number;
}

/** @param onError is told when a row could not be written down */
export function createRefusalCounter(
  pool: pg.Pool,
  metrics: Registry,
  onError: (error: unknown) => void,
): RefusalCounter {
  const notWritten = new Counter({
    name: 'flis_refusals_not_written_total',
    help: 'Rows on refused requests that the audit log did not take; each is tried again a minute later.',
    registers: [metrics],
  });
  let counts = new Map<string, Counted>();
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();

  const add = (counted: Counted) => {
    timer ??= setTimeout(flush, MINUTE - (Date.now() % MINUTE)).unref();
    const { refused, operation, code } = counted;
    // The mandate as well: the row tells why the client asked.
    const key = [refused.clientId, refused.municipality, refused.mandate?.id, operation, code].join(' ');
    const known = counts.get(key);
    if (known === undefined) counts.set(key, counted);
    else known.refusals += counted.refusals;
  };

  /** One after the other; after the first that fails the others wait as well, and it goes to the end of them. */
  async function writeAll(taken: Iterable<Counted>): Promise<void> {
    let failed: Counted | undefined;
    for (const counted of taken) {
      if (failed !== undefined) keep(counted);
      else
        await write(pool, counted).catch((error: unknown) => {
          failed = counted;
          onError(error);
        });
    }
    if (failed !== undefined) keep(failed);
  }

  // The caller was answered long ago: a log that takes no row changes no answer; it makes a number that operators see.
  const keep = (counted: Counted) => {
    add(counted);
    notWritten.inc();
  };

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const taken = counts.values();
    counts = new Map();
    writing = writing.then(() => writeAll(taken));
    return writing;
  }

  return {
    count(refused, operation, code, requestId) {
      add({ refused, operation, code, requestId, since: new Date(), refusals: 1 });
    },
    flush,
  };
}

/** In the log of the caller's municipality, never in that of what was asked for: whose that is, the caller may not learn, and neither may its log. */
async function write(pool: pg.Pool, { refused, operation, code, requestId, since, refusals }: Counted): Promise<void> {
  const { clientId, municipality, mandate } = refused;
  const told = { code, refusals, since: since.toISOString() };
  if (municipality === null) {
    const object = { outcome: 'refused', ...told };
    await withPublished(pool, (tx) => writeOperatorAudit(tx, { clientId, requestId }, operation, object));
    return;
  }
  const tenant = { municipality, domains: null, clientId, requestId, ...(mandate && { mandate }) };
  await withTenant(pool, tenant, (tx) => writeAudit(tx, operation, told, 'refused'));
}

/** Counts what the routes that are registered from now on refuse known callers. Register before any route. */
export function recordRefusals(app: App, refusals: RefusalCounter): void {
  app.addHook('onError', (request, _reply, error, done) => {
    const { principal, routeOptions } = request;
    const { scope = 'public' } = routeOptions.config;
    if (principal !== null && error instanceof Problem && isRefusal(error) && !NOT_OWN.includes(scope))
      refusals.count(principal, String(routeOptions.schema?.operationId), error.type.code, request.id);
    done();
  });
}

function isRefusal({ type }: Problem): boolean {
  return REFUSALS.includes(type.status);
}
