// Who may ask: verified tokens, scopes of routes, the tenant of a request, the audit log.
export * from './audit/index.ts';
export { createReadCounter, type ReadCounter } from './count-reads.ts';
export { MUNICIPALITY_REQUIRED, SCOPE_MISSING, TOKEN_EXPIRED, TOKEN_INVALID, TOKEN_MISSING } from './errors.ts';
export { type Principal, principalOf, tenantOf } from './principal.ts';
export { registerAccess, withScope } from './scope.ts';
export { isScope, type RouteScope, SCOPES, type Scope } from './scopes.ts';
export { createSigningKey, type Signer, type SigningKey, signToken, type TokenClaims } from './sign-token.ts';
export { createTokenVerifier, type TokenSettings, type TokenVerifier } from './verify-token.ts';
