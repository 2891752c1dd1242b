// What can be wrong with a caller's token. The answers say which of these, never what was in the token.
import { defineProblem, Problem, type ProblemType } from '../platform/http/problem.ts';

export const TOKEN_MISSING = defineProblem({
  code: 'token-missing',
  status: 401,
  title: 'This operation needs an access token or an access key',
  action: 'Send the header `Authorization: Bearer <token or key>`, or the key as the password of Basic authentication.',
});

export const TOKEN_INVALID = defineProblem({
  code: 'token-invalid',
  status: 401,
  title: 'The access token or access key is not valid here',
  action:
    'Get a new token from the issuer of this service and send it unchanged; a key that was revoked or has ended is replaced by its municipality.',
});

export const TOKEN_EXPIRED = defineProblem({
  code: 'token-expired',
  status: 401,
  title: 'The access token has expired',
  action: 'Get a new token; check the clock of your system if this happens at once.',
});

export const SCOPE_MISSING = defineProblem({
  code: 'scope-missing',
  status: 403,
  title: 'The access token does not have the scope that this operation needs',
  action: 'Ask for a token with the scope named in `scope`.',
});

export const DOMAIN_MISSING = defineProblem({
  code: 'domain-missing',
  status: 403,
  title: 'The access token or access key is not for this domain',
  action: 'Use one that is for the domain named in `domain`; GET /v1/me lists those of yours.',
});

export const MUNICIPALITY_REQUIRED = defineProblem({
  code: 'municipality-required',
  status: 403,
  title: 'This operation works on the data of one municipality, and the token names none',
  action: 'Use a token of the municipality whose data it is about.',
});

/** A refusal with the challenge that tools wait for before they send a password. RFC 6750, 3.1: no error code when nothing was sent. */
export function refusal(type: ProblemType): Problem {
  const error = type === TOKEN_MISSING ? '' : ', error="invalid_token"';
  return new Problem(type, undefined, {}, { 'www-authenticate': `Bearer realm="flis"${error}, Basic realm="flis"` });
}
