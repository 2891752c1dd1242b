// The columns that make up an account, shared by the three tables of the domain so that they cannot drift apart.
// Declarations only. Key figures write an account as '3.22.01' = hovedkonto.hovedfunktion.funktion, tables keep the parts.
import type { Column } from '../definition.ts';
import { ART, DRANST, EJERFORHOLD, HOVEDKONTO } from './code-lists.ts';

const plain = { nullable: false, sensitivity: 'ordinary' } as const;

const hovedkonto: Column = {
  ...plain,
  name: 'hovedkonto',
  title: { da: 'Hovedkonto', en: 'Main account' },
  description: { da: 'Første ciffer i kontoen, fx 3 i 3.22.01.', en: 'First digit of the account, e.g. 3 in 3.22.01.' },
  type: { type: 'code', list: HOVEDKONTO },
};

const hovedfunktion: Column = {
  ...plain,
  name: 'hovedfunktion',
  title: { da: 'Hovedfunktion', en: 'Main function' },
  description: {
    da: 'De to cifre efter hovedkontoen, fx 22 i 3.22.01.',
    en: 'The two digits after the main account, e.g. 22 in 3.22.01.',
  },
  type: { type: 'text', maxLength: 2, pattern: '^[0-9]{2}$' },
};

const funktion: Column = {
  ...plain,
  name: 'funktion',
  title: { da: 'Funktion', en: 'Function' },
  description: {
    da: 'De to cifre efter hovedfunktionen, fx 01 i 3.22.01.',
    en: 'The two digits after the main function, e.g. 01 in 3.22.01.',
  },
  type: { type: 'text', maxLength: 2, pattern: '^[0-9]{2}$' },
};

const dranst: Column = {
  ...plain,
  name: 'dranst',
  title: { da: 'Dranst', en: 'Nature of the account' },
  description: {
    da: 'Om kontoen er drift, refusion, anlæg, renter, finansiering eller balance.',
    en: 'Whether the account is operation, refund, capital, interest, financing or balance.',
  },
  type: { type: 'code', list: DRANST },
};

const ejerforhold: Column = {
  ...plain,
  name: 'ejerforhold',
  title: { da: 'Ejerforhold', en: 'Ownership' },
  description: { da: 'Hvem der ejer institutionen bag kontoen.', en: 'Who owns the institution behind the account.' },
  type: { type: 'code', list: EJERFORHOLD },
};

const gruppering: Column = {
  ...plain,
  name: 'gruppering',
  title: { da: 'Gruppering', en: 'Grouping' },
  description: {
    da: 'Underdeling af funktionen, tre cifre; 000 hvor funktionen ikke er underdelt.',
    en: 'Subdivision of the function, three digits; 000 where the function has none.',
  },
  type: { type: 'text', maxLength: 3, pattern: '^[0-9]{3}$' },
};

const art: Column = {
  ...plain,
  name: 'art',
  title: { da: 'Art', en: 'Art' },
  description: {
    da: 'Udgiftens eller indtægtens art; første ciffer er hovedarten. Hovedart 0 er beregnede omkostninger.',
    en: 'Kind of expenditure or income; the first digit is the main art. Main art 0 is calculated costs.',
  },
  type: { type: 'code', list: ART },
};

const registreringskonto: Column = {
  ...plain,
  name: 'registreringskonto',
  title: { da: 'Registreringskonto', en: 'Local account' },
  description: {
    da: 'Kommunens egen konto; tom tekst, hvor kilden ikke har en.',
    en: "The municipality's own account; empty text where the source has none.",
  },
  type: { type: 'text', maxLength: 20 },
};

const omkostningssted: Column = {
  ...plain,
  name: 'omkostningssted',
  title: { da: 'Omkostningssted', en: 'Cost centre' },
  description: {
    da: 'Omkostningssted; tom tekst (""), hvor der ikke er et. Aldrig null: det er en del af nøglen.',
    en: 'Cost centre; empty text ("") where there is none. Never null: it is part of the key.',
  },
  type: { type: 'text', maxLength: 10 },
};

export const regnskabsaar: Column = {
  ...plain,
  name: 'regnskabsaar',
  title: { da: 'Regnskabsår', en: 'Accounting year' },
  description: { da: 'Kalenderåret.', en: 'The calendar year.' },
  type: { type: 'integer', minimum: 2000, maximum: 2099 },
};

/** The parts of an account in the chart. */
export const chartColumns: readonly Column[] = [hovedkonto, hovedfunktion, funktion, dranst, gruppering];

/** The parts of an account on which amounts are booked. */
export const accountColumns: readonly Column[] = [
  hovedkonto,
  hovedfunktion,
  funktion,
  dranst,
  ejerforhold,
  gruppering,
  art,
  registreringskonto,
  omkostningssted,
];
