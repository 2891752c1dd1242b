// What can be wrong with a subscription that is proposed, agreed to, changed or ended.
import { defineProblem } from '../../../platform/http/problem.ts';

export const SUBSCRIPTION_OVERLAPS = defineProblem({
  code: 'subscription-overlaps',
  status: 409,
  title: 'Another subscription of the domain has some of these tables in the same time',
  action: 'Change or end the subscription `conflictsWith`, or choose other tables or another time.',
});

export const SUBSCRIPTION_NOT_PROPOSED = defineProblem({
  code: 'subscription-not-proposed',
  status: 409,
  title: 'Only a proposal whose first day has not passed can be agreed to',
  action: 'Read the subscription: its state says what became of it. For other terms or days make a new proposal.',
});

export const SUBSCRIPTION_NOT_ACTIVE = defineProblem({
  code: 'subscription-not-active',
  status: 409,
  title: 'The subscription is not active, or its end is settled already',
  action: 'Read the subscription: its state and `endsOn` say what holds. A proposal is replaced by a new one.',
});

export const CHANGE_TOO_LATE = defineProblem({
  code: 'change-too-late',
  status: 409,
  title: 'The subscription ends before the change could take effect',
  action: 'A lower frequency holds after the commitment; propose a new subscription for the time after this one.',
});

export const MUNICIPALITY_DECIDES = defineProblem({
  code: 'municipality-decides',
  status: 403,
  title: 'Under a mandate subscriptions can be proposed, and own proposals withdrawn, nothing more',
  action: 'Let the municipality do it with a client of its own.',
});
