// What can be wrong with a caller's token. The answers say which of these, never what was in the token.
import { defineProblem } from '../platform/http/problem.ts';

export const TOKEN_MISSING = defineProblem({
  code: 'token-missing',
  status: 401,
  title: 'This operation needs an access token',
  action: 'Send the header `Authorization: Bearer <token>`.',
});

export const TOKEN_INVALID = defineProblem({
  code: 'token-invalid',
  status: 401,
  title: 'The access token is not valid here',
  action: 'Get a new token from the issuer of this service and send it unchanged.',
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

export const MUNICIPALITY_REQUIRED = defineProblem({
  code: 'municipality-required',
  status: 403,
  title: 'This operation works on the data of one municipality, and the token names none',
  action: 'Use a token of the municipality whose data it is about.',
});
