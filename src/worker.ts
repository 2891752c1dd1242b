// The worker process: configuration, start, stop on a signal. Decides nothing else.
import { loadConfig } from './config.ts';
import { openDoor } from './open-door.ts';
import { createLog } from './platform/log.ts';
import { startWorker } from './start.ts';

await openDoor(async () => {
  const config = loadConfig('worker');
  const log = createLog({ service: 'worker', level: config.logLevel });
  const { stop } = await startWorker(config, log);
  return { stop, log };
});
