// Sends one message to one address over https: the name is resolved once, every address that it has is checked, and the connection goes to those
// addresses and no others. Follows no redirect, reads little of the answer, and ends in time whatever the receiver does. It knows no database.
import { Resolver } from 'node:dns/promises';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from './rules-addresses.ts';

/** What a message and its answer came to. Anything but `delivered` is tried again. */
export const OUTCOMES = {
  delivered: 'it was answered with a status of 200 to 299',
  'refused-status': 'another status was answered, a redirect among them',
  'challenge-not-repeated': 'the answer did not repeat the challenge',
  timeout: 'there was no answer within 10 seconds',
  'name-not-found': 'the name has no address',
  'address-not-public': 'the name leads to an address that is not public',
  tls: 'the connection could not be secured, or the certificate is not for the name',
  connection: 'the connection could not be made, or broke',
} as const satisfies Record<string, string>;

export type Outcome = keyof typeof OUTCOMES;

export interface Sent {
  readonly outcome: Outcome;
  /** Null: nothing was answered. */
  readonly status: number | null;
  /** The first 16 KiB of the answer at most. */
  readonly body: string;
  readonly durationMs: number;
}

export interface Sender {
  /** Posts `body` as JSON. Never throws: whatever happens is an outcome. */
  send(url: string, body: string, headers: Readonly<Record<string, string>>): Promise<Sent>;
}

/** For whoever runs a receiver of their own, such as a test. Configuration has no way to any of this. */
export interface SenderOptions {
  /** @returns the addresses of a name. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
  readonly mayConnectTo?: (address: string) => boolean;
  /** Certificates (PEM) that are trusted in place of the usual ones. */
  readonly ca?: string;
  /** Milliseconds until an answer must be there; 10 000 if not given. */
  readonly deadline?: number;
}

const DEADLINE = 10_000;
const MOST_ANSWER = 16 * 1024;
const NOBODY_ANSWERED = { status: null, body: '' };

/** The system's resolver would run in the few threads that files need as well, and a dead name server would hold all of them. */
async function resolveName(name: string): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  return found.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
}

/** Answers with the addresses that were checked, whatever is asked. */
function pinnedTo(addresses: readonly string[]): LookupFunction {
  const known = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_name, { all }, callback) => {
    if (all) callback(null, known);
    else callback(null, known[0]?.address ?? '', known[0]?.family ?? 0);
  };
}

function outcomeOf(error: unknown): Outcome {
  const code = String((error as { code?: unknown }).code ?? '');
  return /^(ERR_TLS|ERR_SSL|CERT_|EPROTO|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_)/.test(code)
    ? 'tls'
    : 'connection';
}

/** Reads until the answer ends, is long enough, or breaks off: the status has been answered already. */
function readStart(response: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    const end = () => {
      response.destroy();
      resolve(Buffer.concat(parts).subarray(0, MOST_ANSWER).toString());
    };
    response.on('data', (part: Buffer) => {
      parts.push(part);
      bytes += part.length;
      if (bytes >= MOST_ANSWER) end();
    });
    response.on('end', end).on('error', end).on('close', end);
  });
}

export function createSender(options: SenderOptions = {}): Sender {
  const { resolve = resolveName, mayConnectTo = isPublicAddress, ca, deadline = DEADLINE } = options;

  function post(
    url: URL,
    addresses: readonly string[],
    body: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Omit<Sent, 'durationMs'>> {
    return new Promise((settle) => {
      let answered = false;
      const fail = (error: unknown) => {
        // Once there is a status, only the rest of the answer can be lacking.
        if (!answered) settle({ outcome: signal.aborted ? 'timeout' : outcomeOf(error), ...NOBODY_ANSWERED });
      };
      const request = httpsRequest(
        {
          ...{
            host: url.hostname,
            port: url.port === '' ? 443 : Number(url.port),
            path: `${url.pathname}${url.search}`,
          },
          ...{ method: 'POST', servername: url.hostname, lookup: pinnedTo(addresses), agent: false, signal },
          ...(ca === undefined ? {} : { ca }),
          headers: {
            ...headers,
            ...{ 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
            ...{ 'user-agent': 'FLIS-webhooks', connection: 'close' },
          },
        },
        (response) => {
          answered = true;
          const status = response.statusCode ?? 0;
          const outcome = status >= 200 && status < 300 ? 'delivered' : 'refused-status';
          void readStart(response).then((text) => settle({ outcome, status, body: text }));
        },
      );
      request.on('error', fail).on('close', () => fail(new Error('the connection ended without an answer')));
      request.end(body);
    });
  }

  return {
    async send(text, body, headers) {
      const started = performance.now();
      const done = (sent: Omit<Sent, 'durationMs'>): Sent => ({
        ...sent,
        durationMs: Math.round(performance.now() - started),
      });
      const url = new URL(text);
      const signal = AbortSignal.timeout(deadline);
      const late = new Promise<'late'>((resolve) => {
        signal.addEventListener('abort', () => resolve('late'), { once: true });
      });
      const addresses = await Promise.race([resolve(url.hostname).catch(() => []), late]);
      if (addresses === 'late') return done({ outcome: 'timeout', ...NOBODY_ANSWERED });
      if (addresses.length === 0) return done({ outcome: 'name-not-found', ...NOBODY_ANSWERED });
      // One bad address is enough: nobody's public name has a private address beside it by right.
      if (!addresses.every(mayConnectTo)) return done({ outcome: 'address-not-public', ...NOBODY_ANSWERED });
      return done(await post(url, addresses, body, headers, signal));
    },
  };
}
