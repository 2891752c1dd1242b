// The table sko_karakter: exam grades and grades for the year. Declarations only.
import { defineTable } from '../../definition.ts';
import { EKSAMENSTYPE, FAG, KARAKTERAARSAG, KARAKTERART, PROEVEFORM } from '../code-lists.ts';
import { ELEV_IDENT, SKOLEAAR } from '../columns.ts';
import { SOURCES } from '../domain.ts';

export const table = defineTable({
  name: 'sko_karakter',
  title: { da: 'Karakterer', en: 'Grades' },
  description: {
    da: 'Karakterer pr. elev, skoleår, fag, prøveform og art, efter 7-trins-skalaen.',
    en: 'Grades per pupil, school year, subject, form and kind, on the 7-point scale.',
  },
  columns: [
    SKOLEAAR,
    ELEV_IDENT,
    {
      name: 'fag',
      title: { da: 'Fag', en: 'Subject' },
      description: { da: 'Faget.', en: 'The subject.' },
      type: { type: 'code', list: FAG },
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      name: 'proeveform',
      title: { da: 'Prøveform', en: 'Form of exam' },
      description: { da: 'Prøvens form inden for faget.', en: 'Form of the exam within the subject.' },
      type: { type: 'code', list: PROEVEFORM },
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      name: 'eksamenstype',
      title: { da: 'Eksamenstype', en: 'Exam' },
      description: { da: 'Afgangsprøve eller 10.-klasseprøve.', en: 'Leaving exam of grade 9 or of grade 10.' },
      type: { type: 'code', list: EKSAMENSTYPE },
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      name: 'karakterart',
      title: { da: 'Karakterart', en: 'Kind of grade' },
      description: {
        da: 'Prøve-, års- eller standpunktskarakter.',
        en: 'Exam grade, grade for the year or term grade.',
      },
      type: { type: 'code', list: KARAKTERART },
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      name: 'karakter',
      title: { da: 'Karakter', en: 'Grade' },
      description: {
        da: 'På 7-trins-skalaen: -3, 0, 2, 4, 7, 10 eller 12; tom, når der står en årsag.',
        en: 'On the 7-point scale: -3, 0, 2, 4, 7, 10 or 12; empty when there is a reason.',
      },
      type: { type: 'integer', minimum: -99, maximum: 99 },
      nullable: true,
      sensitivity: 'personal',
    },
    {
      name: 'karakteraarsag',
      title: { da: 'Årsag til manglende karakter', en: 'Reason for a missing grade' },
      description: { da: 'Hvorfor der ikke er en karakter.', en: 'Why there is no grade.' },
      type: { type: 'code', list: KARAKTERAARSAG },
      nullable: true,
      sensitivity: 'sensitive',
    },
  ],
  key: ['skoleaar', 'elev_ident', 'fag', 'proeveform', 'eksamenstype', 'karakterart'],
  period: { kind: 'schoolYear', from: 'skoleaar' },
  // Exams are held in May and June.
  validAt: 'make_date(cast(right(skoleaar, 4) as integer), 5, 1)',
  sources: SOURCES,
});
