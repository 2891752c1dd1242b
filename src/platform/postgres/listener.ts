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
  /** Resolves when every message that was sent before this call has been heard. Rejects where that cannot be known. */
  catchUp(): Promise<void>;
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
  const isListening = () => performance.now() - heardUntil < DEAF_AFTER_MS;
  const waiting = createWaitingRoom();
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await listenOnce(options, stopping.signal, waiting, (time) => {
        heardUntil = time;
      }).catch((error: unknown) => options.log.warn({ code: codeOf(error) }, 'not-listening'));
      for (const { reject } of waiting.takeAll()) reject(new Error('not listening'));
      await delay(RECONNECT_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();
  return {
    isListening,
    catchUp: () => (isListening() ? waiting.enter() : Promise.reject(new Error('not listening'))),
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** Those who wait for the next heartbeat, and the bell that brings it at once. */
function createWaitingRoom() {
  let all: PromiseWithResolvers<void>[] = [];
  let bell = Promise.withResolvers<void>();
  return {
    enter(): Promise<void> {
      const one = Promise.withResolvers<void>();
      all.push(one);
      bell.resolve();
      return one.promise;
    },
    /** Whoever comes from now on waits for the heartbeat after the next. */
    takeAll(): readonly PromiseWithResolvers<void>[] {
      const taken = all;
      all = [];
      bell = Promise.withResolvers();
      return taken;
    },
    rung: () => bell.promise,
  };
}

/** One connection, until it breaks or the signal is given. */
async function listenOnce(
  { url, applicationName, channel, onMessage, onGap }: ListenerOptions,
  signal: AbortSignal,
  waiting: ReturnType<typeof createWaitingRoom>,
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
      await beat(client, waiting, heard);
      const pause = new AbortController();
      const stopped = AbortSignal.any([signal, pause.signal]);
      await Promise.race([delay(HEARTBEAT_MS, undefined, { signal: stopped }), waiting.rung()]).catch(() => {});
      pause.abort();
    }
    if (broken !== undefined) throw broken;
  } finally {
    await client.end().catch(() => {});
  }
}

async function beat(
  client: pg.Client,
  waiting: ReturnType<typeof createWaitingRoom>,
  heard: (time: number) => void,
): Promise<void> {
  const sent = performance.now();
  const here = waiting.takeAll();
  try {
    await client.query('select 1');
    heard(sent);
    for (const { resolve } of here) resolve();
  } catch (error) {
    for (const { reject } of here) reject(error);
    throw error;
  }
}
