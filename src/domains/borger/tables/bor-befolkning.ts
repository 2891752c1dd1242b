// The table bor_befolkning: how many live in the municipality on the 1st of a month. Declarations only.
import { defineTable } from '../../definition.ts';
import { CIVILSTAND, HERKOMST, KOEN_IALT, STATSBORGERSKAB } from '../code-lists.ts';

export const table = defineTable({
  name: 'bor_befolkning',
  title: { da: 'Befolkning', en: 'Population' },
  description: {
    da: 'Antal borgere den 1. i måneden. Enkeltår og aldersbånd skrives begge med alder_fra og alder_til; en dimension, der ikke er opdelt, har koden ialt.',
    en: 'Inhabitants on the 1st of the month. Single years and age bands are both written with alder_fra and alder_til; an undivided dimension has the code ialt.',
  },
  columns: [
    {
      name: 'maaned',
      title: { da: 'Måned', en: 'Month' },
      description: { da: 'Måneden, hvis 1. dag er opgjort.', en: 'The month whose 1st day is counted.' },
      type: { type: 'month' },
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      name: 'koen',
      title: { da: 'Køn', en: 'Sex' },
      description: { da: 'Køn, eller ialt.', en: 'Sex, or the total.' },
      type: { type: 'code', list: KOEN_IALT },
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      name: 'alder_fra',
      title: { da: 'Alder fra', en: 'Age from' },
      description: { da: 'Første alder i båndet, inklusive.', en: 'First age of the band, inclusive.' },
      type: { type: 'integer', minimum: 0, maximum: 125 },
      unit: 'år',
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      name: 'alder_til',
      title: { da: 'Alder til', en: 'Age to' },
      description: {
        da: 'Sidste alder i båndet, inklusive; det åbne øverste bånd ender ved 125.',
        en: 'Last age of the band, inclusive; the open top band ends at 125.',
      },
      type: { type: 'integer', minimum: 0, maximum: 125 },
      unit: 'år',
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      name: 'civilstand',
      title: { da: 'Civilstand', en: 'Marital status' },
      description: { da: 'Civilstand, eller ialt.', en: 'Marital status, or the total.' },
      type: { type: 'code', list: CIVILSTAND },
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      name: 'herkomst',
      title: { da: 'Herkomst', en: 'Descent' },
      description: { da: 'Herkomst, eller ialt.', en: 'Descent, or the total.' },
      type: { type: 'code', list: HERKOMST },
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      name: 'statsborgerskab',
      title: { da: 'Statsborgerskab', en: 'Citizenship' },
      description: { da: 'Statsborgerskab, eller ialt.', en: 'Citizenship, or the total.' },
      type: { type: 'code', list: STATSBORGERSKAB },
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      name: 'distrikt',
      title: { da: 'Distrikt', en: 'District' },
      description: {
        da: 'Kommunens egen kode for distriktet, eller ialt.',
        en: "The municipality's own code of the district, or ialt for the total.",
      },
      type: { type: 'text', maxLength: 20 },
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      name: 'antal',
      title: { da: 'Antal', en: 'Count' },
      description: { da: 'Antal borgere.', en: 'Number of inhabitants.' },
      type: { type: 'integer', minimum: 0, maximum: 10_000_000 },
      unit: 'personer',
      nullable: false,
      sensitivity: 'ordinary',
    },
  ],
  key: ['maaned', 'koen', 'alder_fra', 'alder_til', 'civilstand', 'herkomst', 'statsborgerskab', 'distrikt'],
  period: { kind: 'year', from: 'maaned' },
  sources: ['cpr', 'statistikbanken'],
});
