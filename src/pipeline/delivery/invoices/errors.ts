// What can be wrong with asking for the basis of an invoice.
import { defineProblem } from '../../../platform/http/problem.ts';

export const INVOICE_NEEDS_EVERY_DOMAIN = defineProblem({
  code: 'invoice-needs-every-domain',
  status: 403,
  title: 'The basis of an invoice is about all domains, and the credential is for some',
  action: 'Use a client of the municipality’s own whose credential is for every domain.',
});
