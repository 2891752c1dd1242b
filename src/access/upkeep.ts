// What access needs done while time passes: signing keys that follow one another, and notices of access keys that end. In the worker.
import { announceEnds, type TellEnd } from './access-keys/index.ts';
import { keepKeysFresh, type SigningKeyDeps } from './tokens/index.ts';

const UPKEEP_MS = 60_000;

/** Keeps access in order for as long as the worker runs. The first time is awaited, so that a new installation can issue tokens at once. */
export async function startAccessUpkeep(
  deps: SigningKeyDeps,
  tellEnd: TellEnd,
  onError: (error: unknown) => void,
): Promise<{ stop(): Promise<void> }> {
  const keep = async () => {
    await keepKeysFresh(deps);
    await announceEnds(deps.pool, deps.clock, tellEnd);
  };
  await keep();
  let running: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    running = keep().catch(onError);
  }, UPKEEP_MS);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
