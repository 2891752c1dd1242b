// The table sko_skoledag: the school days that were held; the denominator of absence. Declarations only.
import { defineTable } from '../../definition.ts';
import { INSTITUTION_NR, SKOLEAAR } from '../columns.ts';
import { SOURCES } from '../domain.ts';

export const table = defineTable({
  name: 'sko_skoledag',
  title: { da: 'Skoledage', en: 'School days' },
  description: {
    da: 'Én række pr. afholdt skoledag. Institutionsnummer tomt gælder alle; en institution med egne rækker i skoleåret følger kun dem.',
    en: 'One row per school day held. An empty institution number is for all; an institution with rows of its own in the school year follows only these.',
  },
  columns: [
    SKOLEAAR,
    {
      name: 'dato',
      title: { da: 'Dato', en: 'Date' },
      description: { da: 'Skoledagen.', en: 'The school day.' },
      type: { type: 'date' },
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      ...INSTITUTION_NR,
      description: {
        da: 'Institutionen, dagen gælder for; den tomme tekst for alle.',
        en: 'The institution that the day is for; the empty text for all.',
      },
      type: { type: 'text', maxLength: 6, pattern: '^([0-9]{6})?$' },
    },
  ],
  key: ['skoleaar', 'dato', 'institution_nr'],
  period: { kind: 'schoolYear', from: 'skoleaar' },
  sources: SOURCES,
});
