// The real worker as a process of its own that may send webhooks to receivers on this machine, which `src/worker.ts` refuses to do.
import { loadConfig } from '../../src/config.ts';
import { createLog } from '../../src/platform/log.ts';
import { startWorker } from '../../src/start.ts';

/** The variable with the certificate of the receivers. */
const CERTIFICATE = 'FLIS_TEST_RECEIVERS';

const { [CERTIFICATE]: ca = '', ...environment } = process.env;
const log = createLog({ service: 'worker', level: 'error' });
const worker = await startWorker(loadConfig('worker', environment), log, {
  webhooks: { resolve: async () => ['127.0.0.1'], mayConnectTo: (address) => address === '127.0.0.1', ca },
});
process.once('SIGTERM', () => void worker.stop().then(() => process.exit(0)));
