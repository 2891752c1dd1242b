// Events: written by every stage in the transaction of the change that they tell of, read by clients in order, sent to their webhooks.
export { appendEvent, appendNationwideEvent } from './append-event.ts';
export { registerEventRoutes } from './routes.ts';
export { type EventDeps, startEvents } from './upkeep.ts';
export type { SenderOptions } from './webhooks/index.ts';
export { registerWebhookRoutes } from './webhooks/index.ts';
