// What can be wrong with webhooks.
import { defineProblem } from '../../platform/http/problem.ts';

export const WEBHOOK_URL = defineProblem({
  code: 'webhook-url',
  status: 422,
  title: 'A webhook cannot have this address',
  action: 'Send an https address with the name of a public host, without user name, password and fragment.',
});

export const TOO_MANY_WEBHOOKS = defineProblem({
  code: 'too-many-webhooks',
  status: 409,
  title: 'The municipality has as many webhooks as it can have',
  action: 'Delete one that is needed no longer; GET /v1/webhooks lists them.',
});

export const BEYOND_DOMAINS = defineProblem({
  code: 'webhook-domains',
  status: 422,
  title: 'The webhook would get events of domains that your credential is not for',
  action: 'Choose from your own domains; GET /v1/me lists them.',
});

export const WEBHOOK_NOT_ACTIVE = defineProblem({
  code: 'webhook-not-active',
  status: 409,
  title: 'The webhook is not active',
  action: 'POST …/test sends it a challenge; once its answer has repeated that, events can be replayed.',
});

export const TWO_SECRETS = defineProblem({
  code: 'webhook-secrets',
  status: 409,
  title: 'A webhook has one or two secrets',
  action: 'To get a new one while two are live, revoke the older first; the newest cannot be revoked, only replaced.',
});
