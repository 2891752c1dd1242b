// A domain of the test's own: libraries. This folder is all that a new domain takes.
import type { DomainHead } from '../../../../src/domains/definition.ts';

export const domain: DomainHead = {
  id: 'bibliotek',
  title: { da: 'Bibliotek', en: 'Libraries' },
  description: { da: 'Udlån fra folkebibliotekerne.', en: 'Loans of the public libraries.' },
  sources: ['cicero'],
  frequencies: ['daily', 'weekly', 'monthly'],
};
