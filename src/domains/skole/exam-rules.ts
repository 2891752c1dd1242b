// Rules DQ13: exam grades, on which the grade average rests.
import type { Rule } from '../definition.ts';
import { COMPULSORY_EXAMS } from './sources.ts';

export const examRules: readonly Rule[] = [
  {
    id: 'DQ13',
    severity: 'stop',
    scope: 'row',
    table: 'sko_karakter',
    column: 'karakter',
    title: { da: 'Karakter uden for 7-trins-skalaen', en: 'Grade outside the 7-point scale' },
    message: {
      da: 'Karakteren er ikke en af -3, 0, 2, 4, 7, 10 og 12. Leverancen kan ikke indlæses.',
      en: 'The grade is none of -3, 0, 2, 4, 7, 10 and 12. The delivery cannot be loaded.',
    },
    violation: 'karakter not in (-3, 0, 2, 4, 7, 10, 12)',
  },
  {
    id: 'DQ13-aarsag',
    severity: 'warning',
    scope: 'row',
    table: 'sko_karakter',
    column: 'karakteraarsag',
    title: { da: 'Hverken karakter eller årsag, eller begge', en: 'Neither grade nor reason, or both' },
    message: {
      da: 'En række skal have enten en karakter eller en årsag til, at den mangler.',
      en: 'A row must have either a grade or a reason for its absence.',
    },
    violation: '(karakter is null) = (karakteraarsag is null)',
  },
  {
    id: 'DQ13-dublet',
    severity: 'warning',
    scope: 'slice',
    table: 'sko_karakter',
    title: { da: 'Flere karakterer i samme bundne prøve', en: 'Several grades in the same compulsory exam' },
    message: {
      da: 'Elever har mere end én prøvekarakter i samme bundne prøve i skoleåret. Den højeste tæller i gennemsnittet.',
      en: 'Pupils have more than one exam grade in the same compulsory exam in the school year. The best one counts in the mean.',
    },
    query: `with ${COMPULSORY_EXAMS}
      select skoleaar as bucket, skoleaar as reference, null as detail_da, null as detail_en, count(distinct elev_ident) as count
      from proever where antal > 1 group by skoleaar order by skoleaar`,
  },
  {
    id: 'DQ13-orden',
    severity: 'warning',
    scope: 'slice',
    table: 'sko_karakter',
    column: 'proeveform',
    title: { da: 'Orden leveret som prøve', en: 'Tidiness delivered as an exam' },
    message: {
      da: 'Der er prøvekarakterer for orden. De indgår ikke i gennemsnittet af de bundne prøver; regn dem heller ikke med lokalt.',
      en: 'There are exam grades for tidiness. They are left out of the mean of compulsory exams; leave them out locally too.',
    },
    query: `select skoleaar as bucket, skoleaar as reference, null as detail_da, null as detail_en, count(*) as count
      from sko_karakter where proeveform = 'orden' and karakterart = 'proeve' and karakter is not null
      group by skoleaar order by skoleaar`,
  },
];
