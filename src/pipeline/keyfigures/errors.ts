// The problems of key figures.
import { defineProblem } from '../../platform/http/problem.ts';

export const NO_RELEASE = defineProblem({
  code: 'no-release',
  status: 404,
  title: 'There is no such published release',
  action: 'List the releases of the domain; a requested release takes a moment to be published.',
});
