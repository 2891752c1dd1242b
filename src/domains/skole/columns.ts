// Columns that several tables of `skole` share, so that the same thing is called and described the same way in all.
import type { Column, Text } from '../definition.ts';

/** The school year, August to July. */
export const SKOLEAAR: Column = {
  name: 'skoleaar',
  title: { da: 'Skoleår', en: 'School year' },
  description: {
    da: 'Skoleåret fra august til juli, skrevet 2024-2025.',
    en: 'The school year from August to July, written 2024-2025.',
  },
  type: { type: 'schoolYear' },
  nullable: false,
  sensitivity: 'ordinary',
};

/** The pupil's number in the school administration system. */
export const ELEV_IDENT: Column = {
  name: 'elev_ident',
  title: { da: 'Elevident', en: 'Pupil number' },
  description: {
    da: 'Elevens løbenummer i kildesystemet; det samme fra år til år.',
    en: "The pupil's number in the source system; the same from year to year.",
  },
  type: { type: 'integer', minimum: 1, maximum: 999_999_999 },
  nullable: false,
  sensitivity: 'personal',
  identifiesPerson: true,
};

/** The institution's number in the register of institutions. */
export const INSTITUTION_NR: Column = {
  name: 'institution_nr',
  title: { da: 'Institutionsnummer', en: 'Institution number' },
  description: {
    da: 'Seks cifre fra institutionsregisteret.',
    en: 'Six digits from the register of institutions.',
  },
  type: { type: 'text', maxLength: 6, pattern: '^[0-9]{6}$' },
  nullable: false,
  sensitivity: 'ordinary',
};

/** The class, within its school year and institution. */
export const KLASSE_ID: Column = {
  name: 'klasse_id',
  title: { da: 'Klasse', en: 'Class' },
  description: {
    da: 'Klassens betegnelse, entydig inden for skoleår og institution.',
    en: 'Name of the class, unique within school year and institution.',
  },
  type: { type: 'text', maxLength: 20 },
  nullable: false,
  sensitivity: 'ordinary',
};

/** A three-digit municipality code in a role of its own; unknown codes are findings (DQ06), not structure faults. */
export function municipalityColumn(name: string, title: Text, description: Text, nullable: boolean): Column {
  return {
    name,
    title,
    description,
    type: { type: 'text', maxLength: 3, pattern: '^[0-9]{3}$' },
    nullable,
    sensitivity: 'personal',
  };
}
