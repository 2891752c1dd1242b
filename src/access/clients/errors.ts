// What can be wrong with a client that is registered or changed.
import { defineProblem } from '../../platform/http/problem.ts';

export const SCOPES_NOT_ALLOWED = defineProblem({
  code: 'scopes-not-allowed',
  status: 422,
  title: 'A client of this kind cannot have all of these scopes',
  action:
    'Leave out the scopes listed in `refused`; a municipality registers clients of the kinds municipality and source.',
});

export const UNKNOWN_DOMAIN = defineProblem({
  code: 'unknown-client-domain',
  status: 422,
  title: 'There is no such domain',
  action: 'Use ids from GET /v1/domains, or leave domains out for all of them.',
});

export const UNKNOWN_MUNICIPALITY = defineProblem({
  code: 'unknown-client-municipality',
  status: 422,
  title: 'The client’s municipality does not go with its kind',
  action:
    'Name one of the municipalities of GET /v1/municipalities for the kinds municipality and source, and none for vendor and operator.',
});

export const KEY_NOT_ACCEPTED = defineProblem({
  code: 'key-not-accepted',
  status: 422,
  title: 'A key of the set cannot be used here',
  action:
    'Send public keys only (no member `d`), of the curves P-256 or Ed25519, each with a `kid` of its own or none; `index` says which one is at fault.',
});
