// The code lists of the domain `borger`. `ialt` is the total, for sources that deliver a dimension undivided;
// a month uses either `ialt` or the split codes of a dimension, never both (rule DQ05-ialt).
import { type CodeList, codeList } from '../definition.ts';

/** The code of an undivided dimension. */
export const TOTAL = 'ialt';

const IALT = [TOTAL, 'I alt', 'Total'] as const;

/** Sex as the CPR number tells it. */
export const KOEN: CodeList = codeList('koen', { da: 'Køn', en: 'Sex' }, [
  ['K', 'Kvinde', 'Female'],
  ['M', 'Mand', 'Male'],
]);

/** Sex of a population count. */
export const KOEN_IALT: CodeList = codeList('koen-ialt', { da: 'Køn', en: 'Sex' }, [
  ['K', 'Kvinder', 'Females'],
  ['M', 'Mænd', 'Males'],
  IALT,
]);

/** Marital status by the letters of the CPR register. */
export const CIVILSTAND: CodeList = codeList('civilstand', { da: 'Civilstand', en: 'Marital status' }, [
  ['U', 'Ugift', 'Never married'],
  ['G', 'Gift', 'Married'],
  ['F', 'Fraskilt', 'Divorced'],
  ['E', 'Enke eller enkemand', 'Widowed'],
  ['P', 'Registreret partnerskab', 'Registered partnership'],
  ['O', 'Ophævet partnerskab', 'Dissolved partnership'],
  ['L', 'Længstlevende partner', 'Surviving partner'],
  IALT,
]);

/** Descent in the sense of Statistics Denmark. */
export const HERKOMST: CodeList = codeList('herkomst', { da: 'Herkomst', en: 'Descent' }, [
  ['dansk', 'Dansk oprindelse', 'Danish origin'],
  ['indvandrer', 'Indvandrer', 'Immigrant'],
  ['efterkommer', 'Efterkommer', 'Descendant of immigrants'],
  IALT,
]);

/** Citizenship by group of countries. */
export const STATSBORGERSKAB: CodeList = codeList('statsborgerskab', { da: 'Statsborgerskab', en: 'Citizenship' }, [
  ['dansk', 'Dansk', 'Danish'],
  ['norden', 'Øvrige Norden', 'Other Nordic'],
  ['eu-eoes', 'Øvrige EU og EØS', 'Other EU and EEA'],
  ['oevrige', 'Øvrige lande og statsløse', 'Other countries and stateless'],
  IALT,
]);

/** Events of a person in the CPR register. */
export const HAENDELSE: CodeList = codeList('haendelse', { da: 'Hændelse', en: 'Event' }, [
  ['foedt', 'Født', 'Born'],
  ['doed', 'Død', 'Died'],
  ['tilflyttet', 'Tilflyttet fra anden kommune', 'Moved in from another municipality'],
  ['fraflyttet', 'Fraflyttet til anden kommune', 'Moved out to another municipality'],
  ['indvandret', 'Indvandret fra udlandet', 'Immigrated'],
  ['udvandret', 'Udvandret til udlandet', 'Emigrated'],
  ['genfundet', 'Genfundet', 'Found again'],
  ['forsvundet', 'Forsvundet', 'Disappeared'],
]);
