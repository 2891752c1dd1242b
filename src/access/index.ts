// Who may ask: verified callers, scopes of routes, the tenant of a request, the register of clients and access keys, the audit log.
export { type AccessKeyDeps, verifyAccessKey } from './access-keys/index.ts';
export * from './audit/index.ts';
export { registerAuditReviewRoutes } from './audit-reviews/index.ts';
export type { CallerVerifier } from './caller-verifier.ts';
export { type ClientDeps, createClient, isClientKind } from './clients/index.ts';
export { createReadCounter, type ReadCounter } from './count-reads.ts';
export { createRefusalCounter, type RefusalCounter, recordRefusals } from './count-refusals.ts';
export {
  DOMAIN_MISSING,
  MUNICIPALITY_REQUIRED,
  SCOPE_MISSING,
  TOKEN_EXPIRED,
  TOKEN_INVALID,
  TOKEN_MISSING,
} from './errors.ts';
export { holdRights } from './hold-rights.ts';
export { createLimiter, type Limiter, RATE_LIMITED, type RateLimits } from './limits/index.ts';
export { isForDomain, type Principal, principalOf, requireDomain, tenantOf } from './principal.ts';
export { registerAccessRoutes } from './routes.ts';
export { registerAccess, watchCaller, withScope } from './scope.ts';
export { isScope, type OpenedBy, SCOPES, type Scope } from './scopes.ts';
export { type AddressKeeper, withSecretAddress } from './secret-address.ts';
export { digestOf, isTextOf, type SecretText, secretTexts } from './secret-texts.ts';
export { createSigningKey, type Signer, type SigningKey, signToken, type TokenClaims } from './sign-token.ts';
export { ACCESS_CHANGED, SIGNING_KEYS } from './store-changes.ts';
export { confirmClient, createKeyRing, type KeyRing, revokeSigningKey } from './tokens/index.ts';
export { startAccessUpkeep } from './upkeep.ts';
export { createCallerVerifier } from './verify-caller.ts';
export { createTokenVerifier, type TokenSettings } from './verify-token.ts';
export type { Watched } from './watch-callers.ts';
