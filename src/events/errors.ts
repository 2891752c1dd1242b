// What can be wrong when events are read.
import { defineProblem } from '../platform/http/problem.ts';

export const EVENTS_GONE = defineProblem({
  code: 'events-gone',
  status: 410,
  title: 'Events after this number are kept no longer',
  action:
    'Go on from the number in `after`, and look at the resources themselves for what happened before it; events are kept for 90 days.',
});
