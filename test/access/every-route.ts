// Every route of the running app, as a test can ask for it: its address with somebody's ids in it, and what is answered.
import { randomUUID } from 'node:crypto';
import { randomId } from '../../src/access/clients/index.ts';
import { describeApi } from '../../src/write-openapi.ts';
import type { TestService } from '../harness/service.ts';
import type { Planted } from './plant-municipality.ts';

const MONTH = new Date().toISOString().slice(0, 7);
/** The municipality whose things are planted. */
export const OTHER = '791';
/** An announced change of a table, which is everybody’s. */
export const SCHEMA_CHANGE = '5b0c1c0e-7d51-4f0b-9a63-1f1f0c2f8e11';

interface Operation {
  readonly operationId: string;
  readonly security: readonly object[];
  readonly description: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: {
    readonly content: Record<string, { readonly example?: unknown; readonly schema: { examples?: unknown[] } }>;
  };
}

export interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
  readonly scope: string;
  readonly isForOperators: boolean;
}

const document = JSON.parse((await describeApi()).openApi) as { paths: Record<string, Record<string, Operation>> };
export const routes: Route[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, operation]) => {
    const [, scope = operation.security.length > 0 ? 'any' : 'public', orScope] =
      /Needs the scope `([^`]+)`(?: or `([^`]+)`)?\.$/.exec(operation.description) ?? [];
    const isForOperators = [scope, orScope].includes('operator');
    const route = { method: method.toUpperCase(), path, operation, scope, isForOperators };
    return route.method === 'GET' ? [route, { ...route, method: 'HEAD' }] : [route];
  }),
);

/** Ids of what belongs to the other municipality, or of what belongs to nobody. */
export type Ids = Pick<
  Planted,
  | 'openDelivery'
  | 'acceptedDelivery'
  | 'packageId'
  | 'revision'
  | 'registeredClient'
  | 'accessKey'
  | 'mandate'
  | 'accessRequest'
  | 'subscription'
  | 'delivery'
  | 'webhook'
  | 'webhookSecret'
  | 'calendarFeed'
>;

/** The address of a route with `ids` in it; shared things (domains, key figures, releases) keep one id of theirs. */
export function addressOf({ path, operation, method }: Route, ids: Ids): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (path.startsWith('/v1/source-deliveries')) {
      return name === 'table'
        ? 'bor_befolkning'
        : method === 'GET' || method === 'HEAD'
          ? ids.acceptedDelivery
          : ids.openDelivery;
    }
    if (path.startsWith('/v1/packages'))
      return name === 'id' ? ids.packageId : name === 'table' ? 'bor_befolkning' : 'bor_befolkning.csv.gz';
    if (path.startsWith('/v1/clients')) return ids.registeredClient;
    if (path.startsWith('/v1/access-keys')) return ids.accessKey;
    if (path.startsWith('/v1/mandates')) return ids.mandate;
    if (path.startsWith('/v1/access-requests')) return ids.accessRequest;
    if (path.startsWith('/v1/subscriptions')) return ids.subscription;
    if (path.startsWith('/v1/deliveries')) return name === 'name' ? 'bor_befolkning.csv.gz' : ids.delivery;
    if (path.startsWith('/v1/schema-changes')) return SCHEMA_CHANGE;
    if (path.startsWith('/v1/calendar-feeds')) return ids.calendarFeed;
    if (path.startsWith('/v1/webhooks')) return name === 'secret' ? ids.webhookSecret : ids.webhook;
    if (name === 'revision') return String(ids.revision);
    return (
      {
        domain: 'borger',
        table: 'bor_befolkning',
        month: MONTH,
        quarter: '2026Q1',
        id: path.startsWith('/v1/releases') ? 'borger-1' : 'BO06',
      }[name] ?? 'x'
    );
  });
  const required = (operation.parameters ?? []).filter(
    (each) => each.in === 'query' && (each.required || each.name === 'domain' || each.name === 'since'),
  );
  const values: Record<string, string> = {
    domain: 'borger',
    since: '0',
    group: 'landet',
    period: '2025-01',
  };
  const query = required.map(({ name }) => `${name}=${values[name] ?? 'x'}`);
  return `${filled}${query.length > 0 ? `?${query.join('&')}` : ''}`;
}

export const randomIds = (): Ids => ({
  openDelivery: randomUUID(),
  acceptedDelivery: randomUUID(),
  packageId: randomUUID(),
  revision: 1000 + Math.floor(Math.random() * 8000),
  registeredClient: `${OTHER}.${randomId()}`,
  accessKey: randomId(),
  mandate: randomUUID(),
  accessRequest: randomUUID(),
  subscription: randomUUID(),
  delivery: randomUUID(),
  webhook: randomUUID(),
  webhookSecret: randomUUID(),
  calendarFeed: randomId(),
});

export interface Seen {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

/** @param authorization the header; undefined sends none. @param key goes into the Idempotency-Key of POST */
export async function askRoute(
  service: TestService,
  route: Route,
  address: string,
  authorization: string | undefined,
  key: string,
): Promise<Seen> {
  const [type, body] = Object.entries(route.operation.requestBody?.content ?? {})[0] ?? [];
  const sent =
    type === 'application/json'
      ? (body?.example ?? body?.schema.examples?.[0])
      : type === undefined
        ? undefined
        : 'kommunekode\n615\n';
  const response = await service.call(route.method, address, {
    caller: null,
    ...(sent === undefined ? {} : { body: sent }),
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(type === undefined ? {} : { 'content-type': type }),
      ...(route.method === 'POST' ? { 'idempotency-key': `${key}-${route.operation.operationId}` } : {}),
    },
  });
  // What is left of the caller's own limit says nothing of what was asked for.
  const headers = [...response.headers].filter(
    ([name]) => !['date', 'request-id', 'connection', 'keep-alive', 'ratelimit'].includes(name),
  );
  return { status: response.status, headers: JSON.stringify(headers), body: await response.text() };
}
