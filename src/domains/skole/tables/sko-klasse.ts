// The table sko_klasse: classes of a school year. Declarations only.
import { defineTable } from '../../definition.ts';
import { KLASSETRIN, KLASSETYPE } from '../code-lists.ts';
import { INSTITUTION_NR, KLASSE_ID, SKOLEAAR } from '../columns.ts';
import { SOURCES } from '../domain.ts';

export const table = defineTable({
  name: 'sko_klasse',
  title: { da: 'Klasser', en: 'Classes' },
  description: {
    da: 'Klasser i et skoleår, én række pr. institution og klasse.',
    en: 'Classes of a school year, one row per institution and class.',
  },
  columns: [
    SKOLEAAR,
    INSTITUTION_NR,
    KLASSE_ID,
    {
      name: 'klassetype',
      title: { da: 'Klassetype', en: 'Kind of class' },
      description: {
        da: 'Normal-, special- eller anden klasse. Mangler den, indgår klassen ikke i nøgletal om klassetyper (regel DQ10).',
        en: 'Normal, special or other class. Without it, key figures on kinds of class leave the class out (rule DQ10).',
      },
      type: { type: 'code', list: KLASSETYPE },
      nullable: true,
      sensitivity: 'ordinary',
    },
    {
      name: 'klassetrin',
      title: { da: 'Klassetrin', en: 'Grade' },
      description: { da: 'Klassens trin, eller blandet.', en: 'Grade of the class, or mixed.' },
      type: { type: 'code', list: KLASSETRIN },
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      name: 'arsklasse',
      title: { da: 'Årgangsdelt', en: 'One grade' },
      description: {
        da: 'Om klassen kun har elever fra ét klassetrin; kun disse indgår i klassekvotienten.',
        en: 'Whether the class has pupils of one grade only; class size counts only these.',
      },
      type: { type: 'boolean' },
      nullable: false,
      sensitivity: 'ordinary',
    },
  ],
  key: ['skoleaar', 'institution_nr', 'klasse_id'],
  period: { kind: 'schoolYear', from: 'skoleaar' },
  validAt: 'make_date(cast(left(skoleaar, 4) as integer), 8, 1)',
  sources: SOURCES,
});
