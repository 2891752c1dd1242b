// The table sko_fravaer_dag: days of absence; a day without a row is a day at school. Declarations only.
import { defineTable } from '../../definition.ts';
import { FRAVAERSTYPE } from '../code-lists.ts';
import { ELEV_IDENT } from '../columns.ts';
import { SOURCES } from '../domain.ts';

export const table = defineTable({
  name: 'sko_fravaer_dag',
  title: { da: 'Elevfravær', en: 'Pupil absence' },
  description: {
    da: 'Fravær pr. elev og dag på folkeskoler og specialskoler. Kun dage med fravær har en række.',
    en: 'Absence per pupil and day at municipal and special schools. Only days with absence have a row.',
  },
  columns: [
    ELEV_IDENT,
    {
      name: 'dato',
      title: { da: 'Dato', en: 'Date' },
      description: { da: 'Fraværsdagen.', en: 'The day of absence.' },
      type: { type: 'date' },
      nullable: false,
      sensitivity: 'personal',
    },
    {
      name: 'fravaerstype',
      title: { da: 'Fraværstype', en: 'Kind of absence' },
      description: { da: 'Sygdom, lovligt eller ulovligt fravær.', en: 'Illness, permitted or unpermitted absence.' },
      type: { type: 'code', list: FRAVAERSTYPE },
      nullable: false,
      sensitivity: 'sensitive',
    },
    {
      name: 'andel',
      title: { da: 'Andel af dagen', en: 'Share of the day' },
      description: { da: '1.00 for en hel dag, 0.50 for en halv.', en: '1.00 for a whole day, 0.50 for half.' },
      type: { type: 'decimal', precision: 3, scale: 2 },
      unit: 'dag',
      nullable: false,
      sensitivity: 'personal',
    },
  ],
  key: ['elev_ident', 'dato'],
  period: { kind: 'month', from: 'dato' },
  validAt: 'dato',
  sources: SOURCES,
});
