// The face of stage delivery: what is agreed, what it costs, and what falls due under it.
import type { App } from '../../platform/http/app.ts';
import { type CalendarDeps, registerCalendarRoutes } from './calendar/index.ts';
import { type CapabilityDeps, registerCapabilityRoutes } from './capabilities/index.ts';
import { type DeliveriesDeps, registerDeliveriesRoutes } from './deliveries/routes.ts';
import { registerInvoiceRoutes } from './invoices/routes.ts';
import { registerPriceRoutes } from './prices/index.ts';
import { registerSchemaChangeRoutes, type SchemaChangeDeps } from './schema-changes/index.ts';
import { registerSubscriptionRoutes } from './subscriptions/routes.ts';

export { readCapabilities } from './capabilities/index.ts';
export { deliveryJob } from './deliveries/job.ts';
export { createSentLog, type SentLog } from './deliveries/record-sent.ts';
export { type Revoked, revokeDelivered } from './deliveries/revoke-delivered.ts';
export { startScheduler } from './deliveries/run-scheduler.ts';
export { deriveStatementKey, type StatementKey } from './deliveries/sign-statement.ts';
export { findSchemaFaults, recordSchemas } from './schema-changes/index.ts';

/** What the routes of the stage need. */
export type DeliveryDeps = CapabilityDeps & DeliveriesDeps & CalendarDeps & SchemaChangeDeps;

/** Registers every route of the stage. */
export function registerDeliveryRoutes(app: App, deps: DeliveryDeps): void {
  registerCapabilityRoutes(app, deps);
  registerPriceRoutes(app, deps);
  registerSubscriptionRoutes(app, deps);
  registerInvoiceRoutes(app, deps);
  registerDeliveriesRoutes(app, deps);
  registerCalendarRoutes(app, deps);
  registerSchemaChangeRoutes(app, deps);
}
