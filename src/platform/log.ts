// The server's log: JSON lines with an allow-list of fields. No text of an error, URL, query or body can get in, because no other field is written.
import { type Logger, pino } from 'pino';
import { codeOf } from './error-code.ts';

/** Everything that a line may hold besides level, time and the event's name. */
const FIELDS = [
  'attempt',
  'block',
  'client',
  'code',
  'deliveryId',
  'digest',
  'domain',
  'job',
  'key',
  'method',
  'milliseconds',
  'municipality',
  'packageId',
  'port',
  'queue',
  'releaseId',
  'request',
  'revision',
  'route',
  'signal',
  'status',
] as const;

export interface LogOptions {
  /** `api`, `worker`, … */
  readonly service: string;
  readonly level: string;
}

/** Writes lines to standard output in batches (at most a second late): a line per request then costs no system call of its own. */
export function createLog(options: LogOptions): Logger {
  const destination = pino.destination({ dest: 1, sync: false, minLength: 8192, periodicFlush: 1000 });
  return pino(logSettings(options), destination);
}

/** The settings apart from where lines go. */
export function logSettings(options: LogOptions) {
  return {
    level: options.level,
    base: { service: options.service },
    messageKey: 'event',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: allowed },
    hooks: {
      // pino would take an error's message for the event; its code is all that may be known.
      logMethod(this: Logger, args: unknown[], write: (...args: never[]) => void) {
        const [first, event] = args;
        const fields = first instanceof Error ? { code: codeOf(first) } : typeof first === 'object' ? first : {};
        write.apply(this, [fields, typeof first === 'string' ? first : (event ?? 'error')] as never[]);
      },
    },
  };
}

function allowed(fields: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const name of FIELDS) if (fields[name] !== undefined) kept[name] = fields[name];
  if (fields.err !== undefined) kept.code = codeOf(fields.err);
  return kept;
}
