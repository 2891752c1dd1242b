// Under which names the service answers. The authority of a request (its Host header, or its target in absolute form) must be one, well formed, and
// ours: the public origin's, a configured one, or the very address that the connection came in on, which health checks by IP use.
// Decides only; what is refused is answered like any problem, and nothing ever repeats the name that was sent.
import type { IncomingMessage } from 'node:http';
import { INVALID_HOST, UNKNOWN_HOST } from './errors.ts';
import type { ProblemType } from './problem.ts';

/** @returns what is wrong with the authority of a request; undefined when nothing is. */
export type FindHostFault = (raw: IncomingMessage) => ProblemType | undefined;

/** A name, IPv4 or bracketed IPv6 address, and perhaps a port: no user info, path, list, blank or empty text. */
const AUTHORITY = /^(?:[a-z0-9_](?:[a-z0-9._-]{0,253}[a-z0-9_])?|\[[0-9a-f:.]{2,45}\])(?::([0-9]{1,5}))?$/;
const ABSOLUTE = /^https?:\/\/([^/?#]*)/i;
const ORIGIN_FORM = 0x2f;

/** @param otherHosts `host` or `host:port`, besides those of `publicOrigin` */
export function createHostCheck(publicOrigin: string, otherHosts: readonly string[]): FindHostFault {
  const { hostname, host, port, protocol } = new URL(publicOrigin);
  const defaultPort = port === '' ? [`${hostname}:${protocol === 'https:' ? 443 : 80}`] : [];
  const ours = new Set([host, ...defaultPort, ...otherHosts.map((each) => each.toLowerCase())]);
  /** As it was last sent: most requests name the same, and folding and hashing it anew costs a repeated answer 1 % (measured). */
  let lastOfOurs: string | undefined;
  return (raw) => {
    const named = hostHeaderOf(raw.rawHeaders);
    // The address of the request line counts, and clients must send the same in both places (RFC 9112, 3.2).
    const target = raw.url?.charCodeAt(0) === ORIGIN_FORM ? undefined : ABSOLUTE.exec(raw.url ?? '')?.[1];
    if (named === 'several' || (target !== undefined && named !== undefined && target !== named)) return INVALID_HOST;
    const sent = target ?? named;
    if (sent !== undefined && sent === lastOfOurs) return undefined;
    const authority = sent?.toLowerCase();
    // Before HTTP/1.1 there was no such header, and simple health checks still speak that.
    if (authority === undefined) return raw.httpVersion === '1.0' ? undefined : INVALID_HOST;
    if (ours.has(authority)) {
      lastOfOurs = sent;
      return undefined;
    }
    const match = AUTHORITY.exec(authority);
    if (match === null || Number(match[1] ?? 0) > 65_535) return INVALID_HOST;
    return authority === addressOf(raw) ? undefined : UNKNOWN_HOST;
  };
}

/** Node keeps the first of several in `headers` and hides the others. */
function hostHeaderOf(rawHeaders: readonly string[]): string | 'several' | undefined {
  let found: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length !== 4 || name.toLowerCase() !== 'host') continue;
    if (found !== undefined) return 'several';
    found = rawHeaders[index + 1];
  }
  return found;
}

/** The own end of the connection as an authority. */
function addressOf({ socket: { localAddress = '', localPort } }: IncomingMessage): string {
  const address = localAddress.replace(/^::ffff:(?=\d+\.)/, '');
  return `${address.includes(':') ? `[${address}]` : address}:${localPort}`;
}
