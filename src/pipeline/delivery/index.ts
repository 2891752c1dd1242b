// The face of stage delivery: its routes, and how often domains can be delivered.
import type { App } from '../../platform/http/app.ts';
import { type CapabilityDeps, registerCapabilityRoutes } from './capabilities/index.ts';
import { registerInvoiceRoutes } from './invoices/routes.ts';
import { registerPriceRoutes } from './prices/index.ts';
import { registerSubscriptionRoutes } from './subscriptions/routes.ts';

export { readCapabilities } from './capabilities/index.ts';

/** What the routes of the stage need. */
export type DeliveryDeps = CapabilityDeps;

/** Registers every route of the stage. */
export function registerDeliveryRoutes(app: App, deps: DeliveryDeps): void {
  registerCapabilityRoutes(app, deps);
  registerPriceRoutes(app, deps);
  registerSubscriptionRoutes(app, deps);
  registerInvoiceRoutes(app, deps);
}
