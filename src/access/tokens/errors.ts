// What the token endpoint refuses. The code with underscores is the `error` of RFC 6749, 5.2.
import { defineProblem, type Problem } from '../../platform/http/problem.ts';

export const INVALID_CLIENT = defineProblem({
  code: 'invalid-client',
  status: 401,
  title: 'The assertion does not prove that a client of this service sent it',
  action:
    'Sign a new assertion with a registered key (ES256 or EdDSA): `iss` and `sub` the client id, `aud` the issuer of this service and nothing else, `exp` at most 300 seconds from now, a `jti` that was not used before.',
});

export const INVALID_SCOPE = defineProblem({
  code: 'invalid-scope',
  status: 400,
  title: 'The client may not have what it asks for',
  action: 'Ask for scopes that the client has, separated by spaces, or leave `scope` out for all of them.',
});

export const UNSUPPORTED_GRANT_TYPE = defineProblem({
  code: 'unsupported-grant-type',
  status: 400,
  title: 'Tokens are given for client credentials alone',
  action: 'Send `grant_type=client_credentials` with `client_assertion_type` and `client_assertion`.',
});

export const UNAUTHORIZED_CLIENT = defineProblem({
  code: 'unauthorized-client',
  status: 400,
  title: 'The client may not work for this municipality',
  action:
    'A vendor names a municipality with a mandate that is in force (GET /v1/mandates), and the mandate’s own id where it sends one; every other client leaves `municipality` and `mandate` out.',
});

export const AMBIGUOUS_MANDATE = defineProblem({
  code: 'ambiguous-mandate',
  status: 400,
  title: 'Several mandates of yours are in force for this municipality',
  action: 'Say in `mandate` which one you work under: the audit log names its purpose.',
});

/** No signing key is there yet: the worker has not run. */
export const NO_SIGNING_KEY = defineProblem({
  code: 'no-signing-key',
  status: 503,
  title: 'No token can be signed right now',
  action: 'Try again after the number of seconds in the Retry-After header.',
});

const OAUTH_CODES = [INVALID_CLIENT, INVALID_SCOPE, UNSUPPORTED_GRANT_TYPE, UNAUTHORIZED_CLIENT].map(
  ({ code }) => code,
);

/** The body of a refusal: the members of RFC 6749 beside those of a problem. */
export function oauthBody(problem: Problem): Record<string, unknown> {
  const { code, status, action } = problem.type;
  const known = OAUTH_CODES.includes(code) ? code.replaceAll('-', '_') : undefined;
  const error =
    known ??
    ([429, 503].includes(status) ? 'temporarily_unavailable' : status < 500 ? 'invalid_request' : 'server_error');
  return { error, error_description: action, ...problem.toBody() };
}
