// What the domain `borger` is: the population and the events that change it. Declarations only, no I/O.
import type { DomainHead } from '../definition.ts';

export const domain: DomainHead = {
  id: 'borger',
  title: { da: 'Borger', en: 'Citizens' },
  description: {
    da: 'Befolkningen den 1. i hver måned efter køn, alder og tilhørsforhold samt fødsler, dødsfald og flytninger.',
    en: 'The population on the 1st of each month by sex, age and background, with births, deaths and moves.',
  },
  sources: ['cpr', 'statistikbanken'],
  frequencies: ['daily', 'weekly', 'monthly'],
};
