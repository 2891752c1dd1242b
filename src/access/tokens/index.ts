// The face of tokens inside access.
export { confirmClient } from './confirm-client.ts';
export type { IssueDeps } from './issue-token.ts';
export { createKeyRing, type KeyRing } from './key-ring.ts';
export { keepKeysFresh, revokeSigningKey, type SigningKeyDeps } from './manage-keys.ts';
export { registerTokenRoutes } from './routes.ts';
