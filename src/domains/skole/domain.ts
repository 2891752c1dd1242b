// What the domain `skole` is: pupils, institutions, classes, exam grades and absence. Declarations only, no I/O.
import type { DomainHead } from '../definition.ts';

/** School administration systems, and the ministry's agency for exam results and private schools. */
export const SOURCES = ['kmd-educa', 'ist-tea', 'stil'] as const;

export const domain: DomainHead = {
  id: 'skole',
  title: { da: 'Skole', en: 'Schools' },
  description: {
    da: 'Elever, institutioner, klasser, karakterer, elevfravær og skoledage i grundskolen. Elever tælles den 1. i måneden, i september den 5.',
    en: 'Pupils, institutions, classes, grades, pupil absence and school days of primary and lower secondary school. Pupils are counted on the 1st of the month, in September on the 5th.',
  },
  sources: SOURCES,
  frequencies: ['daily', 'weekly', 'monthly'],
};
