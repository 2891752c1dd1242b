// What can be wrong when an access key is made.
import { defineProblem } from '../../platform/http/problem.ts';

export const TOO_MANY_ACCESS_KEYS = defineProblem({
  code: 'too-many-access-keys',
  status: 409,
  title: 'The client has two access keys that work already',
  action: 'Revoke one of them first; two may overlap so that a key can be exchanged without a gap.',
});

export const ACCESS_KEY_EXPIRY = defineProblem({
  code: 'access-key-expiry',
  status: 422,
  title: 'An access key lasts a year at most',
  action: 'Send an `expiresAt` between an hour and 366 days from now.',
});

export const BEYOND_CLIENT = defineProblem({
  code: 'beyond-client',
  status: 422,
  title: 'The access key would do more than its client may',
  action: 'Choose from the scopes and domains of the client, or change the client first.',
});
