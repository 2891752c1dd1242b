// The register's face inside access.
export { type ClientDeps, createClient } from './manage-clients.ts';
export { registerClientRoutes } from './routes.ts';
export { CLIENT_ID_PATTERN, isClientKind, ownerOf, randomId, VENDOR_SCOPES } from './rules.ts';
export { type Client, findClient, holdClient } from './store.ts';
