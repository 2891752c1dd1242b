// The face of webhooks inside events.
export { createDelivering, type DeliverDeps } from './deliver-messages.ts';
export { registerWebhookRoutes } from './routes.ts';
export { LONGEST } from './rules.ts';
export { createSender, type SenderOptions } from './send-message.ts';
export { deleteOldAttempts, mendWaits } from './store-messages.ts';
