// The face of stage delivery: what falls due under subscriptions is prepared, fetched and acknowledged.
export { deliveryJob } from './deliveries/job.ts';
export type { PrepareDeps } from './deliveries/prepare-delivery.ts';
export { createSentLog, type SentLog } from './deliveries/record-sent.ts';
export { type DeliveryDeps, registerDeliveryRoutes } from './deliveries/routes.ts';
export { deriveStatementKey, type StatementKey } from './deliveries/sign-statement.ts';
export { startScheduler } from './deliveries/start-scheduler.ts';
