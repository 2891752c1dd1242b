// The table sko_institution: schools and other institutions with pupils of the municipality. Declarations only.
import { defineTable } from '../../definition.ts';
import { EJERKODE, INSTITUTIONSTYPE, SKOLETYPE } from '../code-lists.ts';
import { INSTITUTION_NR } from '../columns.ts';
import { SOURCES } from '../domain.ts';

export const table = defineTable({
  name: 'sko_institution',
  title: { da: 'Institutioner', en: 'Institutions' },
  description: {
    da: 'Institutioner, som elever i sko_elev går på, én række pr. institution.',
    en: 'Institutions that pupils of sko_elev attend, one row each.',
  },
  columns: [
    INSTITUTION_NR,
    {
      name: 'navn',
      title: { da: 'Navn', en: 'Name' },
      description: { da: 'Institutionens navn.', en: 'Name of the institution.' },
      type: { type: 'text', maxLength: 100 },
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      name: 'institutionstype',
      title: { da: 'Institutionstype', en: 'Kind of institution' },
      description: { da: 'Art efter institutionsregisteret.', en: 'Kind by the register of institutions.' },
      type: { type: 'code', list: INSTITUTIONSTYPE },
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      name: 'skoletype',
      title: { da: 'Skoletype', en: 'Type of school' },
      description: {
        da: 'Den ældre opdeling; 115 udelades af antallet af skoler.',
        en: 'The older division; 115 is left out of the number of schools.',
      },
      type: { type: 'code', list: SKOLETYPE },
      nullable: true,
      sensitivity: 'ordinary',
    },
    {
      name: 'ejerkode',
      title: { da: 'Ejerkode', en: 'Ownership' },
      description: { da: 'Hvem der ejer institutionen.', en: 'Who owns the institution.' },
      type: { type: 'code', list: EJERKODE },
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      name: 'beliggenhedskommune',
      title: { da: 'Beliggenhedskommune', en: 'Municipality of location' },
      description: { da: 'Kommunen, institutionen ligger i.', en: 'The municipality where the institution lies.' },
      type: { type: 'text', maxLength: 3, pattern: '^[0-9]{3}$' },
      nullable: false,
      sensitivity: 'ordinary',
    },
  ],
  key: ['institution_nr'],
  period: { kind: 'none' },
  sources: SOURCES,
});
