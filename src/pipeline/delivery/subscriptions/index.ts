// The face of subscriptions inside the stage: reading what was agreed, for whoever delivers or bills it.
export { announceEnds } from './announce-ends.ts';
export {
  type Agreement,
  dueDayFrom,
  type Format,
  lastDayOf,
  type Segment,
  type Subscription,
  segmentsOf,
  stateOn,
  type Terms,
  termsOn,
  wasActivated,
} from './rules.ts';
export { findFirstStart, findSubscription, listActive, listFrom } from './store.ts';
