// What the doors of a long-running process have in common: tell why it did not start, and end it in good order on a signal.
import type { Logger } from 'pino';
import { ConfigError } from './config.ts';
import { codeOf } from './platform/error-code.ts';
import { StartFaults } from './platform/start-faults.ts';
import { stopOnSignal } from './platform/stop-on-signal.ts';
import { STOP_DEADLINE } from './start.ts';

/** Runs `start`; its `stop` runs on SIGTERM or SIGINT. When it throws, the process ends with status 1. */
export async function openDoor(start: () => Promise<{ stop: () => Promise<void>; log: Logger }>): Promise<void> {
  try {
    const { stop, log } = await start();
    stopOnSignal(stop, STOP_DEADLINE, log);
  } catch (error) {
    // Only what is known to be wrong is told in full; other texts can hold a password.
    const isKnown = error instanceof ConfigError || error instanceof StartFaults;
    process.stderr.write(`${isKnown ? error.message : `not started: ${codeOf(error)}`}\n`);
    process.exit(1);
  }
}
