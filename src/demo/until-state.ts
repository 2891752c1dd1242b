// Waits for something that a queue does in the background, by asking for it again.
import { setTimeout as delay } from 'node:timers/promises';
import { type Service, send } from '../client/index.ts';

const POLL_MS = 100;

/** Asks for `path` every `pollMs` until its `state` is one of `states`. @throws Error when the state becomes `failed`. */
export async function untilState(
  service: Service,
  path: string,
  states: readonly string[],
  pollMs: number = POLL_MS,
): Promise<void> {
  for (;;) {
    const { body } = await send(service, { method: 'GET', path });
    if (states.includes(body.state)) return;
    if (body.state === 'failed') throw new Error(`${path} failed`);
    await delay(pollMs, undefined, { signal: service.signal });
  }
}
