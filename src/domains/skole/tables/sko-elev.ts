// The table sko_elev: pupil courses, one row per pupil, class and validity interval within a school year. Declarations only.
import { defineTable } from '../../definition.ts';
import { ELEVTYPE, KOEN, PRODUKTIONSSYSTEM } from '../code-lists.ts';
import { ELEV_IDENT, INSTITUTION_NR, KLASSE_ID, municipalityColumn, SKOLEAAR } from '../columns.ts';
import { SOURCES } from '../domain.ts';

export const table = defineTable({
  name: 'sko_elev',
  title: { da: 'Elevforløb', en: 'Pupil courses' },
  description: {
    da: 'Én række pr. elev, klasse og gyldighedsperiode inden for et skoleår. Eleven tæller på en tælledag, når dagen ligger i gyldighedsperioden.',
    en: 'One row per pupil, class and validity interval within a school year. The pupil counts on a count date that lies in the interval.',
  },
  columns: [
    SKOLEAAR,
    ELEV_IDENT,
    INSTITUTION_NR,
    KLASSE_ID,
    {
      name: 'gyldig_fra',
      title: { da: 'Gyldig fra', en: 'Valid from' },
      description: { da: 'Første dag i klassen i skoleåret.', en: 'First day in the class in the school year.' },
      type: { type: 'date' },
      nullable: false,
      sensitivity: 'personal',
    },
    {
      name: 'gyldig_til',
      title: { da: 'Gyldig til', en: 'Valid to' },
      description: {
        da: 'Sidste dag i klassen; tom, når eleven går der endnu eller resten af skoleåret.',
        en: 'Last day in the class; empty while the pupil is still there, or for the rest of the school year.',
      },
      type: { type: 'date' },
      nullable: true,
      sensitivity: 'personal',
    },
    {
      name: 'borger_id',
      title: { da: 'Borger', en: 'Person' },
      description: { da: 'Pseudonym for eleven.', en: 'Pseudonym of the pupil.' },
      type: { type: 'person' },
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
    {
      name: 'personligt_klassetrin',
      title: { da: 'Personligt klassetrin', en: "Pupil's own grade" },
      description: {
        da: 'Elevens eget klassetrin, 0 til 10, uanset klassens.',
        en: "The pupil's own grade, 0 to 10, whatever the class's.",
      },
      type: { type: 'integer', minimum: 0, maximum: 10 },
      nullable: false,
      sensitivity: 'personal',
    },
    {
      name: 'elevtype',
      title: { da: 'Elevtype', en: 'Kind of pupil' },
      description: { da: 'Hvordan eleven undervises.', en: 'How the pupil is taught.' },
      type: { type: 'code', list: ELEVTYPE },
      nullable: false,
      sensitivity: 'sensitive',
    },
    {
      name: 'er_tosproget',
      title: { da: 'Tosproget', en: 'Bilingual' },
      description: {
        da: 'Om eleven har et andet modersmål end dansk.',
        en: 'Whether the pupil has another mother tongue than Danish.',
      },
      type: { type: 'boolean' },
      nullable: false,
      sensitivity: 'sensitive',
    },
    {
      name: 'skoledistrikt',
      title: { da: 'Skoledistrikt', en: 'School district' },
      description: { da: 'Distriktet, eleven bor i.', en: 'The district where the pupil lives.' },
      type: { type: 'text', maxLength: 40 },
      nullable: true,
      sensitivity: 'personal',
    },
    municipalityColumn(
      'betalingskommune',
      { da: 'Betalingskommune', en: 'Paying municipality' },
      {
        da: 'Kommunen, der betaler, efter fagsystemet; tom, hvor den ikke er registreret.',
        en: 'The municipality that pays, by the source system; empty where it is not registered.',
      },
      true,
    ),
    municipalityColumn(
      'bopaelskommune',
      { da: 'Bopælskommune', en: 'Municipality of residence' },
      { da: 'Kommunen, eleven bor i.', en: 'The municipality where the pupil lives.' },
      false,
    ),
    municipalityColumn(
      'kommunal_tilhoersforhold',
      { da: 'Kommunalt tilhørsforhold', en: 'Municipality by CPR' },
      { da: 'Kommunen efter CPR.', en: 'The municipality according to the CPR register.' },
      true,
    ),
    {
      name: 'bopaelskommune_fra_cpr',
      title: { da: 'Bopælskommune fra CPR', en: 'Residence taken from CPR' },
      description: {
        da: 'Om bopælskommunen er hentet fra CPR, fordi fagsystemet manglede den.',
        en: 'Whether the municipality of residence was taken from CPR because the source system lacked it.',
      },
      type: { type: 'boolean' },
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      name: 'produktionssystem',
      title: { da: 'Produktionssystem', en: 'Production system' },
      description: { da: 'Systemet, eleven er registreret i.', en: 'The system that the pupil is registered in.' },
      type: { type: 'code', list: PRODUKTIONSSYSTEM },
      nullable: false,
      sensitivity: 'ordinary',
    },
  ],
  key: ['skoleaar', 'elev_ident', 'institution_nr', 'klasse_id', 'gyldig_fra'],
  period: { kind: 'schoolYear', from: 'skoleaar' },
  validAt: 'gyldig_fra',
  sources: SOURCES,
});
