// What can be wrong with a change of what a domain allows, or with asking for what it does not.
import { defineProblem } from '../../../platform/http/problem.ts';

export const CAPABILITY_DATE = defineProblem({
  code: 'capability-date',
  status: 422,
  title: 'What a domain allows can change from tomorrow on, not before',
  action: 'Choose a later `validFrom`, by the Danish calendar.',
});

export const FREQUENCY_NOT_OFFERED = defineProblem({
  code: 'frequency-not-offered',
  status: 422,
  title: 'The sources of the domain do not allow this frequency on that day',
  action: 'Choose one of `allowed`, or a later day; GET /v1/domains shows what is planned.',
});
