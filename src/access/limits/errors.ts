// What is refused because there was too much of it.
import { defineProblem } from '../../platform/http/problem.ts';

export const RATE_LIMITED = defineProblem({
  code: 'rate-limited',
  status: 429,
  title: 'There were too many requests',
  action:
    'Try again after the number of seconds in the Retry-After header. `policy` names the limit that was reached; GET /v1/limits tells all of yours.',
});
