// A service with its worker, receivers on this machine, and webhooks registered over HTTP as a municipality does it. For tests of webhooks.
import pg from 'pg';
import type { SenderOptions } from '../../src/events/index.ts';
import type { TestScope } from '../harness/database.ts';
import { type Caller, startService, type TestService } from '../harness/service.ts';
import { type Receivers, startReceivers } from './receivers.ts';
import { poolOf } from './scene.ts';

export interface Registered {
  readonly webhookId: string;
  readonly secret: string;
  readonly status: string;
  readonly secrets: readonly { readonly secretId: string; readonly expiresAt: string | null }[];
}

export interface WebhookScene {
  readonly service: TestService;
  readonly receivers: Receivers;
  readonly owner: pg.Client;
  readonly api: pg.Pool;
  readonly worker: pg.Pool;
  /** Asks with a token of 615 by default. */
  call(method: string, path: string, body?: object, caller?: Caller): Promise<Response>;
  register(name: string, more?: object, caller?: Caller): Promise<Registered>;
  /** Registers a webhook and waits until it is active. */
  activate(name: string, more?: object, caller?: Caller): Promise<Registered>;
  /** Asks the database again until `sql` has a row. */
  untilRow(sql: string, values?: unknown[]): Promise<Record<string, unknown>>;
}

export async function openWebhookScene(
  t: TestScope,
  sending: SenderOptions = {},
  withoutWorker = false,
): Promise<WebhookScene> {
  const receivers = await startReceivers(t);
  const webhooks = { ...receivers.sending, ...sending };
  const service = await startService(t, { webhooks, withoutWorker });
  const owner = new pg.Client({ connectionString: service.database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());
  const call = (method: string, path: string, body?: object, caller: Caller = {}) =>
    service.call(method, path, {
      caller: { municipality: '615', clientId: 'integration', ...caller },
      ...(body === undefined ? {} : { body }),
    });
  const register = async (name: string, more: object = {}, caller: Caller = {}) => {
    const response = await call('POST', '/v1/webhooks', { url: receivers.url(name), ...more }, caller);
    if (response.status !== 201) throw new Error(`not registered: ${response.status} ${await response.text()}`);
    return (await response.json()) as Registered;
  };
  const untilRow = async (sql: string, values: unknown[] = []) => {
    for (;;) {
      const { rows } = await owner.query(sql, values);
      if (rows[0] !== undefined) return rows[0];
    }
  };
  return {
    ...{ service, receivers, owner, call, register, untilRow },
    api: poolOf(t, service.database, 'api'),
    worker: poolOf(t, service.database, 'worker'),
    async activate(name, more, caller) {
      const made = await register(name, more, caller);
      await untilRow(`select 1 from webhook where webhook_id = $1 and status = 'active'`, [made.webhookId]);
      return made;
    },
  };
}
