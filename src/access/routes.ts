// Every route of access: the caller's own page, the register of clients, access keys.
import type { App } from '../platform/http/app.ts';
import { type AccessKeyDeps, registerAccessKeyRoutes } from './access-keys/index.ts';
import { type ClientDeps, registerClientRoutes } from './clients/index.ts';
import { registerMeRoutes } from './me/routes.ts';

export function registerAccessRoutes(app: App, deps: ClientDeps & AccessKeyDeps): void {
  registerMeRoutes(app);
  registerClientRoutes(app, deps);
  registerAccessKeyRoutes(app, deps);
}
