// Builds the app: every stage's routes on one server. The list of stages here is the table of contents of the api.
import {
  recordRefusals,
  registerAccess,
  registerAccessRoutes,
  registerAuditReviewRoutes,
  registerAuditRoutes,
  withScope,
} from './access/index.ts';
import { registerCatalogueRoutes } from './catalogue/index.ts';
import type { ApiDeps } from './deps.ts';
import { registerEventRoutes, registerWebhookRoutes } from './events/index.ts';
import { registerReference } from './openapi.ts';
import { delivery, intake, keyfigures, packages, warehouse } from './pipeline/index.ts';
import { type App, createHttpApp } from './platform/http/app.ts';
import { registerHealthRoutes } from './platform/http/health-routes.ts';
import { observeRequests } from './platform/http/observe.ts';

/** @param isStopping tells `/readyz` that the process was told to stop. @returns a server that is not listening yet. */
export async function buildApp(deps: ApiDeps, isStopping: () => boolean = () => false): Promise<App> {
  const app = createHttpApp({ ...deps.http, logger: deps.log });
  registerAccess(app, deps.callerVerifier, deps.limiter);
  recordRefusals(app, deps.refusals);
  observeRequests(app, {
    log: deps.log,
    metrics: deps.metrics,
    callerOf: ({ principal }) => principal,
  });
  await registerReference(app);
  withScope(app, 'public', (scoped) => registerHealthRoutes(scoped, { checks: deps.checks, isStopping }));
  registerCatalogueRoutes(app, { ...deps, readCapabilities: () => delivery.readCapabilities(deps) });
  registerAccessRoutes(app, {
    ...deps,
    domainIds: deps.catalogue.domains.map(({ id }) => id),
    municipalityCodes: new Set(deps.catalogue.municipalities.map(({ code }) => code as string)),
  });
  intake.registerIntakeRoutes(app, deps);
  warehouse.registerWarehouseRoutes(app, deps);
  keyfigures.registerKeyfigureRoutes(app, deps);
  packages.registerPackageRoutes(app, deps);
  packages.registerAccessRequestRoutes(app, deps);
  delivery.registerDeliveryRoutes(app, deps);
  registerAuditRoutes(app, deps);
  registerAuditReviewRoutes(app, deps);
  registerEventRoutes(app, deps);
  registerWebhookRoutes(app, deps);
  return app;
}
