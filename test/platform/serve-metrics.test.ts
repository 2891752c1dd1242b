// Metrics: on a listener of their own and on no other, for api and worker; it ends with its process, and an address that is taken is told by name.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { pino } from 'pino';
import { Counter, Registry } from 'prom-client';
import t, { type Test } from 'tap';
import { freePort } from '../../src/platform/free-port.ts';
import { serveMetrics } from '../../src/platform/http/serve-metrics.ts';
import { StartFaults } from '../../src/platform/start-faults.ts';
import { startApi, startWorker } from '../../src/start.ts';
import { startService } from '../harness/service.ts';

const log = pino({ enabled: false });

/** A port that somebody else listens on. */
async function takePort(t: Test): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

t.test('a listener of metrics', async (t) => {
  const metrics = new Registry();
  new Counter({ name: 'planted_total', help: 'Planted.', registers: [metrics] }).inc(7);
  const listener = await serveMetrics(metrics, '127.0.0.1', 0);
  const ask = (path: string, method = 'GET') => fetch(`${listener.url}${path}`, { method });
  const answer = await ask('/metrics');
  t.equal(answer.status, 200);
  t.match(answer.headers.get('content-type'), 'text/plain; version=0.0.4');
  t.match(await answer.text(), /^planted_total 7$/m);
  t.equal((await ask('/metrics', 'HEAD')).status, 200);
  t.equal((await ask('/metrics?name=x')).status, 200);
  for (const [path, method] of [
    ['/', 'GET'],
    ['/metrics/', 'GET'],
    ['/readyz', 'GET'],
    ['/metrics', 'POST'],
  ] as const)
    t.equal((await ask(path, method)).status, 404, `${method} ${path}`);

  // One that asks and never ends its request does not hold the stop up.
  const { port } = new URL(listener.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => {});
  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n');
  await once(socket, 'connect');
  const closed = new Promise((done) => socket.once('close', done));
  const start = performance.now();
  await listener.stop();
  await closed;
  t.ok(performance.now() - start < 3000, 'well before it would have been ended anyway');
  await t.rejects(ask('/metrics'), 'nobody answers any more');
  const other = await serveMetrics(metrics, '127.0.0.1', Number(port));
  await other.stop();
});

t.test('a listener that cannot measure says so', async (t) => {
  const listener = await serveMetrics({ metrics: () => Promise.reject(new Error('x')) } as never, '127.0.0.1', 0);
  t.teardown(() => listener.stop());
  t.equal((await fetch(`${listener.url}/metrics`)).status, 500);
});

t.test('api and worker', async (t) => {
  const service = await startService(t);
  const { api, worker } = service;
  for (const path of ['/metrics', '/metrics/', '//metrics'])
    for (const method of ['GET', 'HEAD'])
      t.equal((await fetch(`${service.url}${path}`, { method })).status, 404, `${method} ${path} is no public address`);
  t.equal((await fetch(`${service.url}/livez`)).status, 200);
  const read = async (url = '') => (await fetch(`${url}/metrics`)).text();
  t.match(await read(api.metricsUrl), /flis_http_request_seconds_count\{method="GET",route="\/livez",status="200"\} 1/);
  t.match(await read(worker?.metricsUrl), /^# TYPE flis_job_seconds histogram$/m);
  t.match(await read(worker?.metricsUrl), /^process_resident_memory_bytes \d+$/m);
  t.equal((await fetch(`${api.metricsUrl}/livez`)).status, 404, 'and nothing public is there');

  await t.test('an address that is taken is told by the settings that name it, and nothing is left open', async (t) => {
    const taken = await takePort(t);
    const start = async (
      change: Partial<{ http: object; metrics: object }>,
      which: typeof startApi | typeof startWorker,
    ) => (await which({ ...service.config, ...change } as typeof service.config, log)).stop();
    const metrics = { ...service.config.metrics, apiPort: taken, workerPort: taken };
    const fault = (settings: string) => ({
      message: new StartFaults([`the address of ${settings} cannot be listened on: another process listens there`])
        .message,
    });
    await t.rejects(start({ metrics }, startApi), fault('FLIS_METRICS_HOST and FLIS_METRICS_PORT'));
    await t.rejects(start({ metrics }, startWorker), fault('FLIS_METRICS_HOST and FLIS_WORKER_METRICS_PORT'));
    const http = { ...service.config.http, port: taken };
    const own = { ...service.config.metrics, apiPort: await freePort() };
    await t.rejects(start({ http, metrics: own }, startApi), fault('FLIS_HOST and FLIS_PORT'));
    const foreign = { ...service.config.metrics, host: '192.0.2.1' };
    await t.rejects(start({ metrics: foreign }, startApi), /it is refused with EADDRNOTAVAIL/);
    await t.resolves(start({ metrics: own }, startApi), 'with addresses of its own it starts beside the first');
  });

  await t.test('what is stopped answers no more', async (t) => {
    await worker?.stop();
    await t.rejects(read(worker?.metricsUrl));
    const other = await startApi(service.config, log);
    t.match(await read(other.metricsUrl), 'process_cpu');
    await other.stop();
    await t.rejects(read(other.metricsUrl));
  });
});
