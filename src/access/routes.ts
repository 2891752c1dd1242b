// Every route of access: tokens, the caller's own page, the register of clients, access keys, mandates.
import type { App } from '../platform/http/app.ts';
import { type AccessKeyDeps, registerAccessKeyRoutes } from './access-keys/index.ts';
import { type ClientDeps, registerClientRoutes } from './clients/index.ts';
import { type LimitDeps, registerLimitRoutes } from './limits/index.ts';
import { type MandateDeps, registerMandateRoutes } from './mandates/index.ts';
import { registerMeRoutes } from './me/routes.ts';
import { type IssueDeps, registerTokenRoutes } from './tokens/index.ts';

export function registerAccessRoutes(
  app: App,
  deps: ClientDeps & AccessKeyDeps & IssueDeps & MandateDeps & LimitDeps,
): void {
  registerTokenRoutes(app, deps);
  registerMeRoutes(app, deps.limiter);
  registerLimitRoutes(app, deps);
  registerClientRoutes(app, deps);
  registerAccessKeyRoutes(app, deps);
  registerMandateRoutes(app, deps);
}
