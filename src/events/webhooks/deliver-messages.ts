// Sends what waits, in the worker. Each webhook has a lane of its own with two attempts at once, one while nothing gets through to it, so that a receiver
// that is dead holds up itself alone. Delivery is at least once and in no promised order; `webhook-id` is the same over all attempts of an event.
import type pg from 'pg';
import { writeAudit } from '../../access/index.ts';
import { type TenantTx, withSystem, withTenant } from '../../platform/postgres/tenancy.ts';
import { unseal } from '../../platform/sealed.ts';
import { municipalityCodeOf } from '../../platform/tenant.ts';
import { appendEvent } from '../append-event.ts';
import { presentEvent } from '../schemas.ts';
import { SEALED_FOR, sealedName } from './manage-webhooks.ts';
import { repeatsChallenge, signedHeaders, waitAfter } from './rules.ts';
import type { Sender, Sent } from './send-message.ts';
import { noteAttempt, setStatus, takeWebhook } from './store.ts';
import { endMessage, giveUp, insertAttempt, putOff, type TakenMessage, takeMessages } from './store-messages.ts';

export interface DeliverDeps {
  readonly pool: pg.Pool;
  readonly secrets: { readonly rootSecret: Uint8Array };
}

/** Lanes of a process. Whatever fails has a part of its own, so that a lane is always free for whom something gets through to. */
const LANES = { sound: 256, failing: 64 } as const;
const ATTEMPTS = { sound: 2, failing: 1 } as const;
/** Longer than an attempt and its record can last. */
const LEASE_S = 60;
const GONE = 410;

export interface Delivering {
  /** Takes up what is due, as far as there are lanes; what is taken up goes on after it. */
  run(): Promise<void>;
  /** Takes up nothing more, and waits for what is running. */
  stop(): Promise<void>;
}

/** @param onError gets what kept the outcome of an attempt from being recorded; the attempt is then made again */
export function createDelivering(deps: DeliverDeps, sender: Sender, onError: (error: unknown) => void): Delivering {
  const lanes = { sound: new Map<string, Promise<void>>(), failing: new Map<string, Promise<void>>() };
  let stopping = false;
  let again = false;
  let taking: Promise<void> | undefined;

  async function takeUp(lane: keyof typeof lanes): Promise<void> {
    const free = LANES[lane] - lanes[lane].size;
    if (free <= 0 || stopping) return;
    const messages = await withSystem(deps.pool, 'webhooks: what is due', (tx) =>
      takeMessages(tx, {
        busy: [...lanes.sound.keys(), ...lanes.failing.keys()],
        failing: lane === 'failing',
        webhooks: free,
        ofEach: ATTEMPTS[lane],
        lease: LEASE_S,
      }),
    );
    for (const [webhookId, due] of Map.groupBy(messages, (message) => message.webhookId)) {
      const work = Promise.all(due.map((message) => deliver(deps, sender, message).catch(onError))).then(() => {
        lanes[lane].delete(webhookId);
        // What waits for a webhook that answers need not wait for the next look.
        if (lane === 'sound' && !stopping) void run().catch(onError);
      });
      lanes[lane].set(webhookId, work);
    }
  }

  async function takeUpAll(): Promise<void> {
    do {
      again = false;
      await takeUp('sound');
      await takeUp('failing');
    } while (again);
  }

  function run(): Promise<void> {
    // A lane that ends while others are filled was seen as busy.
    if (taking !== undefined) again = true;
    taking ??= takeUpAll().finally(() => {
      taking = undefined;
    });
    return taking;
  }

  return {
    run,
    async stop() {
      stopping = true;
      await taking?.catch(() => {});
      await Promise.all([...lanes.sound.values(), ...lanes.failing.values()]);
    },
  };
}

/** What is sent. The body of a message is the same over all attempts. */
function bodyOf({ municipality, webhookId, messageId, kind, challenge, since, ...event }: TakenMessage) {
  if (kind !== 'event') {
    const type = `webhook.${kind}`;
    const data = kind === 'test' ? { webhook: webhookId } : { challenge };
    return { type, body: JSON.stringify({ type, timestamp: since.toISOString(), id: messageId, municipality, data }) };
  }
  const { sequence, type, domain, at, data } = event;
  if (sequence === null || type === null || domain === null || at === null || data === null) return undefined;
  const shown = presentEvent({ sequence, eventId: messageId, type, domain, at, data });
  return { type, body: JSON.stringify({ timestamp: shown.at, municipality, ...shown }) };
}

async function deliver({ pool, secrets }: DeliverDeps, sender: Sender, message: TakenMessage): Promise<void> {
  const { municipality, webhookId, messageId } = message;
  const tenant = {
    ...{ municipality: municipalityCodeOf(municipality), domains: null },
    ...{ clientId: 'worker', requestId: 'deliver-webhooks' },
  };
  const content = bodyOf(message);
  if (content === undefined) {
    await withTenant(pool, tenant, (tx) => endMessage(tx, webhookId, messageId, 'given-up'));
    return;
  }
  const at = new Date();
  const name = sealedName(municipality, webhookId);
  const keys = message.sealed.map((sealed) => unseal(secrets.rootSecret, SEALED_FOR, name, sealed));
  const answered = await sender.send(message.url, content.body, signedHeaders(keys, messageId, at, content.body));
  const sent = judged(message, answered);
  await withTenant(pool, tenant, async (tx) => {
    const webhook = await takeWebhook(tx, webhookId);
    // It was deleted meanwhile.
    if (webhook === undefined) return;
    const { outcome, status, durationMs } = sent;
    await insertAttempt(tx, webhookId, { messageId, type: content.type, at, durationMs, outcome, status });
    await noteAttempt(tx, webhookId, outcome === 'delivered');
    if (outcome === 'delivered') {
      await endMessage(tx, webhookId, messageId, 'delivered');
      if (message.kind === 'challenge' && webhook.status === 'pending') {
        await setStatus(tx, webhookId, 'active');
        await writeAudit(tx, 'activateWebhook', { webhook: webhookId });
      }
    } else if (webhook.status !== 'disabled') {
      await tryLater(tx, message, sent);
    }
  });
}

/** The answer to a challenge has to repeat it as well. */
function judged({ challenge }: TakenMessage, sent: Sent): Sent {
  if (challenge === null || sent.outcome !== 'delivered' || repeatsChallenge(sent.body, challenge)) return sent;
  return { ...sent, outcome: 'challenge-not-repeated' };
}

/** Puts the message off; disables a webhook that says it is gone, or that a message could not be brought to for 75 hours. */
async function tryLater(tx: TenantTx, message: TakenMessage, { status, durationMs }: Sent): Promise<void> {
  const { webhookId: webhook, attempts, elapsed } = message;
  const wait = waitAfter(attempts, elapsed + durationMs, Math.random());
  if (wait !== undefined && status !== GONE) {
    await putOff(tx, message, wait);
    return;
  }
  const reason = status === GONE ? 'gone' : 'failing';
  await setStatus(tx, webhook, 'disabled', reason);
  await giveUp(tx, webhook);
  await writeAudit(tx, 'disableWebhook', { webhook, reason });
  await appendEvent(tx, { type: 'webhook.disabled', data: { webhook, reason } });
}
