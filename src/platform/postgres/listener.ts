// Hears what the database announces with NOTIFY, and knows whether it would: whoever relies on hearing of changes must be told when it may be deaf.
// It needs a connection of its own past any transaction pooler.
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { codeOf } from '../error-code.ts';

export interface ListenerOptions {
  readonly url: string;
  readonly applicationName: string;
  readonly channel: string;
  readonly log: Logger;
  onMessage(payload: string): void;
  /** Messages may have been missed: called before it hears again. */
  onGap(): void;
}

export interface Listener {
  /** Whether every message that was sent a second ago or earlier has been heard. */
  isListening(): boolean;
  stop(): Promise<void>;
}

/** A query's answer comes after all messages that were sent before the query, so a heartbeat that is answered vouches for the time it was sent. */
const HEARTBEAT_MS = 300;
const DEAF_AFTER_MS = 1_000;
const RECONNECT_MS = 250;

/** Starts listening in the background; goes on trying for as long as it is not stopped. */
export function startListener(options: ListenerOptions): Listener {
  const stopping = new AbortController();
  let heardUntil = Number.NEGATIVE_INFINITY;
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await listenOnce(options, stopping.signal, (time) => {
        heardUntil = time;
      }).catch((error: unknown) => options.log.warn({ code: codeOf(error) }, 'not-listening'));
      await delay(RECONNECT_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();
  return {
    isListening: () => performance.now() - heardUntil < DEAF_AFTER_MS,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** One connection, until it breaks or the signal is given. */
async function listenOnce(
  { url, applicationName, channel, onMessage, onGap }: ListenerOptions,
  signal: AbortSignal,
  heard: (time: number) => void,
): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: DEAF_AFTER_MS * 5,
    query_timeout: DEAF_AFTER_MS * 5,
  });
  let broken: Error | undefined;
  client.on('error', (error) => {
    broken = error;
  });
  client.on('notification', ({ payload }) => onMessage(payload ?? ''));
  try {
    await client.connect();
    await client.query(`listen ${pg.escapeIdentifier(channel)}`);
    onGap();
    while (!signal.aborted && broken === undefined) {
      const sent = performance.now();
      await client.query('select 1');
      heard(sent);
      await delay(HEARTBEAT_MS, undefined, { signal }).catch(() => {});
    }
    if (broken !== undefined) throw broken;
  } finally {
    await client.end().catch(() => {});
  }
}
