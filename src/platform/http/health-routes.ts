// Routes for whoever runs the service: is the process alive, and is it ready for requests. What it measures is served elsewhere (serve-metrics.ts).
import Type from 'typebox';
import { errorAnswers } from './answers.ts';
import type { App } from './app.ts';
import { UNAVAILABLE } from './errors.ts';
import { Problem } from './problem.ts';

export interface HealthOptions {
  /** Things without which no request can be answered; each rejects when it is not there. */
  readonly checks: Readonly<Record<string, () => Promise<unknown>>>;
  /** True once the process was told to stop: no new requests, please. */
  readonly isStopping: () => boolean;
}

const CHECK_TIMEOUT_MS = 2_000;
const TAGS = ['Operation'];

/** Registers `/livez` and `/readyz` on `scoped`. */
export function registerHealthRoutes(scoped: App, options: HealthOptions): void {
  scoped.get(
    '/livez',
    {
      schema: {
        operationId: 'getLiveness',
        summary: 'Is the process alive?',
        description: 'Answers as long as the process can answer anything. Asks nothing of the database or storage.',
        tags: TAGS,
        response: { 200: statusSchema('alive') },
      },
    },
    async () => ({ status: 'alive' as const }),
  );
  scoped.get(
    '/readyz',
    {
      schema: {
        operationId: 'getReadiness',
        summary: 'Is the service ready for requests?',
        description: 'Answers 200 while database and storage can be reached and the process is not stopping.',
        tags: TAGS,
        response: { 200: statusSchema('ready'), ...errorAnswers(UNAVAILABLE) },
      },
    },
    async () => {
      if (options.isStopping()) throw unavailable('stopping');
      await Promise.all(
        Object.entries(options.checks).map(([name, check]) =>
          withinTime(check()).catch(() => {
            throw unavailable(name);
          }),
        ),
      );
      return { status: 'ready' as const };
    },
  );
}

function statusSchema<Status extends string>(status: Status) {
  return Type.Object(
    { status: Type.Literal(status, { description: 'Always the same; the HTTP status is the answer.' }) },
    { description: 'It is.', examples: [{ status }] },
  );
}

function unavailable(part: string): Problem {
  return new Problem(UNAVAILABLE, undefined, { part }, { 'retry-after': '5' });
}

async function withinTime(work: Promise<unknown>): Promise<void> {
  const timeout = AbortSignal.timeout(CHECK_TIMEOUT_MS);
  await Promise.race([work, new Promise((_, reject) => timeout.addEventListener('abort', reject, { once: true }))]);
}
