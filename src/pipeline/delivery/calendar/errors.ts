// What can be wrong when a calendar is asked for, or a feed of it made.
import { defineProblem } from '../../../platform/http/problem.ts';

export const CALENDAR_SPAN = defineProblem({
  code: 'calendar-span',
  status: 422,
  title: 'A calendar begins before it ends, and its last day is 400 days after the first at the most',
  action: 'Choose other days, or ask for one span after the other: together they are the calendar of all.',
});

export const FEED_NEEDS_CLIENT = defineProblem({
  code: 'feed-needs-client',
  status: 403,
  title: 'A calendar feed lives with the client that made it, and yours is not registered here',
  action: 'Use a token of the token endpoint, of a client that the municipality has registered with POST /v1/clients.',
});

export const TOO_MANY_FEEDS = defineProblem({
  code: 'too-many-calendar-feeds',
  status: 409,
  title: 'The municipality has fifty calendar feeds that work already',
  action: 'Revoke one that is no longer used; lastUsedAt tells.',
});
