// The command `pull`: fetches the deliveries of a municipality into a folder, once or again and again. Everything it learns is on disk before it goes on, so
// it can be ended at any moment.
import { setTimeout as delay } from 'node:timers/promises';
import { describeFault, isForeseen, UsageFault, VerificationFault } from '../faults.ts';
import { type Service, ServiceFault, send } from '../http.ts';
import { type Output, startTransfer, type Transfer } from '../progress.ts';
import { fetchDelivery } from './fetch-delivery.ts';
import { listDeliveries, OPEN_STATES } from './list-deliveries.ts';
import { LockFault, takeLock } from './lock.ts';
import { markRevoked } from './mark-revoked.ts';
import { type Environment, type PullOptions, readPullOptions, USAGE } from './options.ts';
import { type ListedDelivery, openState, type PullState, prepareFolder } from './state.ts';
import { readKeys } from './verify-statement.ts';

/** Exit statuses; `USAGE` in options.ts tells them to users. */
const EXIT = { done: 0, failed: 1, usage: 2, refused: 3, wrong: 4, locked: 5, interrupted: 130 } as const;

/** The service does not take the key, or not for this. */
const REFUSALS = [401, 403];

/**
 * Runs the command. @param environment the settings around it; those of the process when absent
 * @returns the exit status
 */
export async function runPull(
  args: readonly string[],
  out: Output = process.stdout,
  err: Output = process.stderr,
  environment?: Environment,
): Promise<number> {
  if (args.includes('--help')) {
    out.write(USAGE);
    return EXIT.done;
  }
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  let release: (() => Promise<void>) | undefined;
  try {
    const options = await readPullOptions(args, environment);
    release = await takeLock(await prepareFolder(options.folder));
    return await pullAndWatch(options, await openState(options.folder), out, interruption.signal);
  } catch (error) {
    if (interruption.signal.aborted) return EXIT.interrupted;
    const status = statusOf(error);
    if (status === undefined) throw error;
    err.write(`${status === EXIT.usage ? (error as Error).message.trimEnd() : describe(error)}\n`);
    return status;
  } finally {
    await release?.();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof UsageFault) return EXIT.usage;
  if (error instanceof LockFault) return EXIT.locked;
  if (error instanceof VerificationFault) return EXIT.wrong;
  if (error instanceof ServiceFault && REFUSALS.includes(error.status)) return EXIT.refused;
  if (!isForeseen(error)) return undefined;
  return String((error as { code?: string }).code).startsWith('ERR_PARSE_ARGS') ? EXIT.usage : EXIT.failed;
}

const describe = (error: unknown) => (error instanceof LockFault ? error.message : describeFault(error));

async function pullAndWatch(
  { baseUrl, accessKey, domain, interval }: PullOptions,
  state: PullState,
  out: Output,
  signal: AbortSignal,
): Promise<number> {
  const transfer = startTransfer(out);
  const onRetry = (fault: Error, waitMs: number) =>
    transfer.note(`  ${describeFault(fault)}; again in ${(waitMs / 1000).toFixed(1)} s`);
  const service: Service = { baseUrl, token: accessKey, signal, onRetry };
  for (;;) {
    const status = await pullOnce(service, state, domain, transfer).catch((error) => {
      const met = statusOf(error);
      if (interval === undefined || signal.aborted || (met !== EXIT.failed && met !== EXIT.wrong)) throw error;
      transfer.note(describeFault(error));
      return met;
    });
    transfer.end();
    if (interval === undefined) return status;
    await delay(interval, undefined, { signal });
  }
}

/** One look: fetches what is there to be fetched. What fails does not keep the rest from being fetched. */
async function pullOnce(
  service: Service,
  state: PullState,
  domain: string | undefined,
  transfer: Transfer,
): Promise<number> {
  const municipality = await readMunicipality(service, state);
  const keys = await readKeys(service, state.memory.keys);
  const pull = { service, state, municipality, keys, transfer };
  await markRevoked(pull, domain);
  const listed = await listDeliveries(service, OPEN_STATES, domain);
  const ids = new Set(listed.map(({ id }) => id));
  // With one domain alone, what was begun of others is not known to be over.
  if (domain === undefined) await state.tidy(ids);
  const left = Object.values(state.memory.unacknowledged).filter(({ id }) => !ids.has(id));
  const failures: number[] = [];
  let fetched = 0;
  for (const delivery of [...left, ...listed]) {
    transfer.note(nameOf(delivery));
    try {
      fetched += await fetchDelivery(pull, delivery);
    } catch (error) {
      const status = statusOf(error);
      if (service.signal.aborted || (status !== EXIT.failed && status !== EXIT.wrong)) throw error;
      transfer.note(`  not fetched: ${describeFault(error)}`);
      failures.push(status);
    }
  }
  const done = left.length + listed.length - failures.length;
  transfer.note(`deliveries: ${done} fetched and acknowledged, ${failures.length} not; ${fetched} bytes fetched`);
  return Math.max(EXIT.done, ...failures);
}

const nameOf = ({ domain, dueOn, id }: ListedDelivery) => `${domain} ${dueOn} ${id}`;

/** A folder is for one municipality: deliveries of two in it could not be told apart by those who read them. */
async function readMunicipality(service: Service, state: PullState): Promise<string> {
  const { body } = await send(service, { method: 'GET', path: '/v1/me' });
  const municipality = body?.municipality;
  if (typeof municipality !== 'string')
    throw new UsageFault('the key is for no municipality, or the address is no FLIS');
  const { memory } = state;
  if (memory.municipality === null) {
    memory.municipality = municipality;
    await state.save();
  }
  if (memory.municipality !== municipality)
    throw new UsageFault(`the key is for municipality ${municipality}, the folder for ${memory.municipality}`);
  return municipality;
}
