// What can be wrong with a mandate that is proposed, approved or ended.
import { defineProblem } from '../../platform/http/problem.ts';

export const MANDATE_RIGHTS = defineProblem({
  code: 'mandate-rights',
  status: 422,
  title: 'The mandate asks for what cannot be given',
  action:
    'Ask for scopes that your own client has (`refused` lists the others), for domains of GET /v1/domains that your client is for, and for a municipality of GET /v1/municipalities.',
});

export const MANDATE_END_DATE = defineProblem({
  code: 'mandate-end-date',
  status: 422,
  title: 'A mandate lasts until a day from today on, and five years at the most',
  action: 'Choose another `endsOn`.',
});

export const TOO_MANY_PROPOSALS = defineProblem({
  code: 'too-many-proposals',
  status: 409,
  title: 'Ten proposals of yours wait for this municipality’s answer',
  action: 'Wait for an answer, or end a proposal that is no longer wanted.',
});

export const MANDATE_NOT_PROPOSED = defineProblem({
  code: 'mandate-not-proposed',
  status: 409,
  title: 'Only a proposal that is open can be approved',
  action: 'Read the mandate: its status says what became of it. For a new term the vendor makes a new proposal.',
});

export const MANDATE_OVER = defineProblem({
  code: 'mandate-over',
  status: 409,
  title: 'The mandate is over already',
  action: 'Nothing is left to do: nobody can work under it.',
});

export const NOT_ON_BEHALF = defineProblem({
  code: 'not-on-behalf',
  status: 403,
  title: 'Nobody who works under a mandate can give or end mandates',
  action: 'The municipality uses a client of its own; a vendor a token without a municipality.',
});
