// Ends a process in good order: the first SIGTERM or SIGINT starts the stop, a second one or the deadline ends it at once.
import type { Logger } from 'pino';

/** @param stop ends the service; @param deadline milliseconds that it may take. */
export function stopOnSignal(stop: () => Promise<void>, deadline: number, log: Logger): void {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(() => process.exit(1), deadline).unref();
    stop().then(
      () => {
        log.info('stopped');
        log.flush(() => process.exit(0));
      },
      (error: unknown) => {
        log.error(error, 'stop-failed');
        log.flush(() => process.exit(1));
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
