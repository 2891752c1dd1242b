// The table bor_bevaegelse: births, deaths and moves as events of a person. Declarations only.
import { defineTable } from '../../definition.ts';
import { HAENDELSE, KOEN } from '../code-lists.ts';

export const table = defineTable({
  name: 'bor_bevaegelse',
  title: { da: 'Befolkningsbevægelser', en: 'Population events' },
  description: {
    da: 'Én række pr. borger, hændelse og dato. En flytning mellem to kommuner er fraflyttet i den ene og tilflyttet i den anden.',
    en: 'One row per person, event and date. A move between two municipalities is fraflyttet in one and tilflyttet in the other.',
  },
  columns: [
    {
      name: 'borger_id',
      title: { da: 'Borger', en: 'Person' },
      description: { da: 'Pseudonym for borgeren.', en: 'Pseudonym of the person.' },
      type: { type: 'person' },
      nullable: false,
      sensitivity: 'personal',
    },
    {
      name: 'haendelse',
      title: { da: 'Hændelse', en: 'Event' },
      description: { da: 'Hvad der skete.', en: 'What happened.' },
      type: { type: 'code', list: HAENDELSE },
      nullable: false,
      sensitivity: 'personal',
    },
    {
      name: 'dato',
      title: { da: 'Dato', en: 'Date' },
      description: { da: 'Dagen, hændelsen gælder fra.', en: 'The day on which the event takes effect.' },
      type: { type: 'date' },
      nullable: false,
      sensitivity: 'personal',
    },
    {
      name: 'fra_kommune',
      title: { da: 'Fra kommune', en: 'From municipality' },
      description: {
        da: 'Kommunen, der flyttes fra; tom, når det er udlandet, eller hændelsen ikke er en flytning.',
        en: 'The municipality moved from; empty when abroad or when the event is no move.',
      },
      type: { type: 'text', maxLength: 3, pattern: '^[0-9]{3}$' },
      nullable: true,
      sensitivity: 'personal',
    },
    {
      name: 'til_kommune',
      title: { da: 'Til kommune', en: 'To municipality' },
      description: {
        da: 'Kommunen, der flyttes til; tom, når det er udlandet, eller hændelsen ikke er en flytning.',
        en: 'The municipality moved to; empty when abroad or when the event is no move.',
      },
      type: { type: 'text', maxLength: 3, pattern: '^[0-9]{3}$' },
      nullable: true,
      sensitivity: 'personal',
    },
    {
      name: 'alder',
      title: { da: 'Alder', en: 'Age' },
      description: { da: 'Borgerens alder på dagen.', en: 'Age of the person on the day.' },
      type: { type: 'integer', minimum: 0, maximum: 150 },
      unit: 'år',
      nullable: false,
      sensitivity: 'personal',
    },
    {
      name: 'foedselsaar',
      title: { da: 'Fødselsår', en: 'Year of birth' },
      description: { da: 'Udledt af CPR-nummeret.', en: 'Derived from the CPR number.' },
      type: { type: 'integer', minimum: 1850, maximum: 2100 },
      nullable: false,
      sensitivity: 'personal',
      derived: 'birth-year',
    },
    {
      name: 'koen',
      title: { da: 'Køn', en: 'Sex' },
      description: { da: 'Udledt af CPR-nummeret.', en: 'Derived from the CPR number.' },
      type: { type: 'code', list: KOEN },
      nullable: false,
      sensitivity: 'personal',
      derived: 'sex',
    },
  ],
  key: ['borger_id', 'haendelse', 'dato'],
  period: { kind: 'year', from: 'dato' },
  sources: ['cpr'],
});
