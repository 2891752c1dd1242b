// What can go wrong with an access request, as users see it. No answer repeats the number that was sent.
import { defineProblem } from '../../../platform/http/problem.ts';

export const INVALID_CPR = defineProblem({
  code: 'invalid-cpr',
  status: 422,
  title: 'The CPR number does not begin with a date that exists',
  action: 'Compare the number with the citizen’s papers, then send it again.',
});
