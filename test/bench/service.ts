// What the benchmarks share: the service as processes of its own, deliveries from files, releases and packages, yardstick processes.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type DeliveryDescription, type Service, send, sendDelivery, type TableFile } from '../../src/client/index.ts';
import { type LaunchedService, launchService } from '../../src/demo/launch-service.ts';
import { untilState } from '../../src/demo/until-state.ts';

/** What is ready in a fraction of a second is asked for often; a coarse poll would be most of what is measured. */
export const POLL_MS = 10;
const NEVER = new AbortController().signal;
/** One client asks as fast as it can; its requests are counted like all, against limits that it does not reach. */
const UNREACHED = { FLIS_CLIENT_RATE: '1000000', FLIS_CLIENT_MUNICIPALITY_RATE: '1000000' };

export interface BenchService {
  readonly flis: LaunchedService;
  /** The api for a municipality's client with every scope of its own; without one, for the operator. */
  as(municipality?: string): Promise<Service>;
  /** Delivers and waits until it is accepted; `longestPollMs` as in `sendDelivery`. */
  deliver(
    municipality: string,
    what: DeliveryDescription,
    files: readonly TableFile[],
    longestPollMs?: number,
  ): Promise<void>;
  release(domain: string): Promise<void>;
  /** Makes a package and waits until it is ready. @returns its id. */
  buildPackage(municipality: string, what: { domain: string; kind: 'total' }): Promise<string>;
}

/** Starts the service in `folder` with a database that is as safe as in production. */
export async function startBenchService(folder: string, settings: Record<string, string> = {}): Promise<BenchService> {
  const flis = await launchService({ folder, settings: { ...UNREACHED, ...settings } });
  const as = async (municipality?: string): Promise<Service> => {
    const token = await flis.token(
      municipality === undefined
        ? { clientId: 'bench', scopes: ['operator', 'key-figures:read'] }
        : {
            clientId: 'bench',
            municipality,
            scopes: ['key-figures:read', 'raw-data:read', 'source:read', 'source:write', 'revision:restore'],
          },
    );
    return { baseUrl: flis.url, token, signal: NEVER };
  };
  return {
    flis,
    as,
    async deliver(municipality, what, files, longestPollMs) {
      const result = await sendDelivery(await as(municipality), what, files, {
        gzip: false,
        ...(longestPollMs === undefined ? {} : { longestPollMs }),
      });
      if (result.state !== 'accepted') throw new Error(`delivery ${result.state}: ${JSON.stringify(result.rules)}`);
    },
    async release(domain) {
      const operator = await as();
      const { body } = await send(operator, { method: 'POST', path: '/v1/releases', json: { domain } });
      await untilState(operator, `/v1/releases/${body.releaseId}`, ['published']);
    },
    async buildPackage(municipality, what) {
      const api = await as(municipality);
      const { body } = await send(api, { method: 'POST', path: '/v1/packages', json: what });
      await untilState(api, `/v1/packages/${body.id}`, ['ready'], POLL_MS);
      return body.id;
    },
  };
}

/** Starts one of the yardstick scripts beside this file. @returns its address and how to end it. */
export async function startYardstick(...args: string[]): Promise<{ url: string; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [new URL('./yardstick-server.ts', import.meta.url).pathname, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { url: `http://127.0.0.1:${line.toString().trim()}`, stop: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** Fetches `url` `count` times in a process of its own. @returns bytes per second. */
export async function drain(url: string, count: number, token?: string): Promise<number> {
  const script = new URL('./drain-client.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, url, String(count), ...(token === undefined ? [] : [token])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  await once(child, 'close');
  const { seconds, bytes } = JSON.parse(output) as { seconds: number; bytes: number };
  return bytes / seconds;
}

/** Seconds of `gzip -6 < file`, its output thrown away or, with `count`, measured. */
export async function gzipSeconds(file: string): Promise<{ seconds: number; bytes: number }> {
  const start = process.hrtime.bigint();
  const child = spawn('sh', ['-c', 'gzip -6 < "$0" | wc -c', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  if (child.exitCode === null) await once(child, 'exit');
  return { seconds: Number(process.hrtime.bigint() - start) / 1e9, bytes: Number(text.toString()) };
}

/** Highest memory of a process so far, in MiB (Linux). */
export function peakMemory(pid: number): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? Number.NaN) / 1024;
}
