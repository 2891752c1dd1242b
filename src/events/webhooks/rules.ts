// When a message is tried again, how it is signed, and which addresses may be registered. Pure but for the random numbers of secrets.
import { createHmac, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
/** Retries go on for so long after the first attempt. */
export const RETRY_SPAN = 75 * HOUR;
/** A span has 15 attempts when every wait is at its longest. With fewer than these it was our own time that was lost, or a clock that jumped. */
const FEWEST_ATTEMPTS = 10;
const FIRST_LONGEST = 10 * SECOND;
const FACTOR = 3;
/** Nothing is put off for longer. */
export const LONGEST = 12 * HOUR;

/** The longest wait after the attempt of that number (1, 2, 3 …), in milliseconds: 10 s, 30 s, 90 s … 12 h. */
export function longestWait(attempts: number): number {
  return Math.min(LONGEST, FIRST_LONGEST * FACTOR ** (attempts - 1));
}

/**
 * How long to wait after a failed attempt, in milliseconds: anything up to the longest (full jitter, so that receivers that come back are not all asked
 * at once); the last attempt stands at the end of the span.
 * @param elapsed milliseconds since the message was first due. @param random from [0, 1).
 * @returns undefined when the span is over and enough attempts were made in it
 */
export function waitAfter(attempts: number, elapsed: number, random: number): number | undefined {
  const wait = random * longestWait(attempts);
  const left = RETRY_SPAN - elapsed;
  if (left > 0) return Math.min(left, wait);
  return attempts < FEWEST_ATTEMPTS ? wait : undefined;
}

/** Bytes of a secret; the specification asks for 24 to 64. */
const SECRET_BYTES = 32;
const SECRET_PREFIX = 'whsec_';

/** A new secret: what is kept of it, and the text that is shown once. */
export function newSecret(): { readonly bytes: Buffer; readonly text: string } {
  const bytes = randomBytes(SECRET_BYTES);
  return { bytes, text: `${SECRET_PREFIX}${bytes.toString('base64')}` };
}

/** The three headers of the Standard Webhooks specification. @param secrets those that are live, each of which signs */
export function signedHeaders(
  secrets: readonly Uint8Array[],
  messageId: string,
  sentAt: Date,
  body: string,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(sentAt.getTime() / SECOND));
  const sign = (secret: Uint8Array) =>
    `v1,${createHmac('sha256', secret).update(`${messageId}.${timestamp}.${body}`).digest('base64')}`;
  return {
    'webhook-id': messageId,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets.map(sign).join(' '),
  };
}

/** @returns the address in its one spelling; undefined for whatever is not https, has no name of a host, or carries credentials or a fragment */
export function readWebhookUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, username, password, hash, hostname, href } = new URL(text);
  const isName = isIP(hostname) === 0 && !hostname.startsWith('[') && /[^.]\.[^.]/.test(hostname);
  const isPlain = username === '' && password === '' && hash === '' && !text.includes('#');
  return protocol === 'https:' && isName && isPlain ? href : undefined;
}

/** Whether the body of an answer repeats the challenge: as JSON, `{"challenge": "…"}`, or as bare text. */
export function repeatsChallenge(body: string, challenge: string): boolean {
  if (body.trim() === challenge) return true;
  try {
    return (JSON.parse(body) as { challenge?: unknown } | null)?.challenge === challenge;
  } catch {
    return false;
  }
}
