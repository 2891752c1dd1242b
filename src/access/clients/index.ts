// The register's face inside access.
export type { ClientDeps } from './manage-clients.ts';
export { registerClientRoutes } from './routes.ts';
export { CLIENT_ID_PATTERN, ownerOf, randomId } from './rules.ts';
export { type Client, findClient } from './store.ts';
