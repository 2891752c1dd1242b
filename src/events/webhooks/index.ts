// The face of webhooks inside events.
export { createDelivering, type DeliverDeps } from './deliver-messages.ts';
export { registerWebhookRoutes } from './routes.ts';
export { createSender, type SenderOptions } from './send-message.ts';
export { deleteOldAttempts } from './store-messages.ts';
