// What the routes' scopes ask of whoever verifies callers. A type only.
import type { Principal } from './principal.ts';
import type { Watched } from './watch-callers.ts';

/** A caller that was verified from a header. */
export interface KnownCaller {
  readonly principal: Principal;
  /** Whether that still holds. Asks nobody. */
  holds(): boolean;
}

export interface CallerVerifier {
  /** @returns the caller if this very header was verified before and still holds; asks nobody. */
  known(authorization: string | undefined): KnownCaller | undefined;
  /** @returns the caller, asked anew. @throws Problem `token-missing`, `token-invalid` or `token-expired`, with a `WWW-Authenticate` header. */
  verify(authorization: string | undefined): Promise<Principal>;
  /** Watches over a caller that was verified from this header, while bytes flow to it. */
  watch(authorization: string, principal: Principal): Watched;
  /** Forgets what a client has presented, and asks anew for those that are watched; without an id, what any registered one has. */
  forget(clientId?: string): void;
}
