// A verifier of callers for tests without a database: it knows tokens, and no access key.
import {
  type CallerVerifier,
  createCallerVerifier,
  createTokenVerifier,
  type TokenSettings,
} from '../../src/access/index.ts';

export function tokensOnly(settings: TokenSettings): CallerVerifier {
  return createCallerVerifier({
    verifyToken: createTokenVerifier(settings, () => []),
    confirmClient: async () => undefined,
    verifyAccessKey: async () => undefined,
    isListening: () => true,
    catchUp: async () => {},
  });
}
