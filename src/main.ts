// The api process: configuration, start, stop on a signal. Decides nothing else.
import { loadConfig } from './config.ts';
import { openDoor } from './open-door.ts';
import { createLog } from './platform/log.ts';
import { startApi } from './start.ts';

await openDoor(async () => {
  const config = loadConfig('api');
  const log = createLog({ service: 'api', level: config.logLevel });
  const { stop } = await startApi(config, log);
  return { stop, log };
});
