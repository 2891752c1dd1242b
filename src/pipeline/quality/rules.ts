// What a finding is, and the structure rules that every source file must pass before any domain rule looks at it.
// Pure: texts, severities and counting. No message ever holds a value of the file, so no CPR number can be in one.
import type { Column, ColumnType, Severity, Text } from '../../domains/definition.ts';

/** At most this many examples of a rule are kept; all are counted. */
export const EXAMPLES_PER_RULE = 1000;

/** An example of what a rule found. `row` is the record number in the received file, header excluded. */
export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  readonly table: string;
  readonly period: string | null;
  readonly row: number | null;
  readonly column: string | null;
  /** What is at fault, e.g. a natural key; never a person's CPR number. */
  readonly reference: string | null;
  readonly message: Text;
}

/** How often a rule was broken in one table. */
export interface FindingCount {
  readonly rule: string;
  readonly table: string;
  readonly severity: Severity;
  readonly count: number;
}

/** Everything that was found: all counted, some shown. */
export interface Findings {
  readonly counts: readonly FindingCount[];
  readonly examples: readonly Finding[];
}

/** Rows at fault: all counted, the first shown by record number. */
export interface FaultyRows {
  readonly count: number;
  readonly rows: readonly number[];
}

export const NO_ROWS: FaultyRows = { count: 0, rows: [] };

export const NO_FINDINGS: Findings = { counts: [], examples: [] };

/** Joins findings: counts add up per (rule, table), examples are cut at the limit per rule. */
export function joinFindings(parts: readonly Findings[]): Findings {
  const counts = new Map<string, FindingCount>();
  for (const entry of parts.flatMap((part) => part.counts)) {
    const key = `${entry.rule} ${entry.table}`;
    counts.set(key, { ...entry, count: entry.count + (counts.get(key)?.count ?? 0) });
  }
  const shown = new Map<string, number>();
  const examples = parts
    .flatMap((part) => part.examples)
    .filter(({ rule }) => {
      const number = (shown.get(rule) ?? 0) + 1;
      shown.set(rule, number);
      return number <= EXAMPLES_PER_RULE;
    });
  return { counts: [...counts.values()].filter(({ count }) => count > 0), examples };
}

/** @returns whether anything found rejects the delivery. */
export function hasStop(findings: Findings): boolean {
  return findings.counts.some(({ severity }) => severity === 'stop');
}

/** The structure rules by id. `cpr` is DQ19; modulus 11 is no error, because valid numbers without it have been issued since 2007. */
export const STRUCTURE_RULES = {
  parse: stop(
    'Rækken kan ikke læses som CSV: antal felter, anførselstegn eller linjeskift passer ikke. Andre fund meldes først, når filen kan læses.',
    'The record cannot be read as CSV: number of fields, quotes or line breaks do not fit. Other findings are reported once the file can be read.',
  ),
  encoding: stop(
    'Rækken har bytes, der ikke er tegn i filens tegnsæt. Gem hele filen som UTF-8 (i Excel: CSV UTF-8), eller angiv encoding=iso-8859-1 ved upload, hvis den er ISO-8859-1. Windows-1252 med tegn som – ’ € tages ikke imod.',
    'The record has bytes that are no characters of the encoding of the file. Save the whole file as UTF-8 (in Excel: CSV UTF-8), or declare encoding=iso-8859-1 with the upload if it is ISO-8859-1. Windows-1252 with characters such as – ’ € is not taken.',
  ),
  'inflation-limit': stop(
    'Filen fylder mere udpakket, end der tages imod, i sig selv eller i forhold til den pakkede. Del leverancen i flere, eller send filen uden at pakke den.',
    'The file is larger when unpacked than is accepted, by itself or against the packed one. Split the delivery, or send the file unpacked.',
  ),
  op: stop(
    'Kolonnen _op skal være U (indsæt eller ret) eller D (slet).',
    'The column _op must be U (upsert) or D (delete).',
  ),
  municipality: stop(
    'Rækken har en anden kommunekode end den kommune, der leverer.',
    'The row names another municipality than the one that delivers.',
  ),
  required: stop('Kolonnen skal være udfyldt.', 'The column must have a value.'),
  type: stop(
    'Værdien har ikke den form, som kolonnen kræver',
    'The value does not have the form that the column asks for',
  ),
  'thousands-separator': stop(
    'Tallet har tusindtalsseparator eller et andet decimaltegn end resten af filen. Skriv 1234567.89 eller 1234567,89 og brug ét decimaltegn i hele filen.',
    'The number has a thousands separator or another decimal mark than the rest of the file. Write 1234567.89 or 1234567,89 and use one decimal mark in the whole file.',
  ),
  code: stop('Koden findes ikke i kodelisten', 'The code is not in the code list'),
  'code-validity': stop(
    'Koden findes, men gælder ikke på rækkens dato. Se gyldighedsdatoerne i kodelisten',
    'The code exists but is not valid on the date of the row. See the validity dates of the code list',
  ),
  'duplicate-key': stop(
    'En tidligere række i filen har samme nøgle. Hver nøgle må stå én gang.',
    'An earlier row of the file has the same key. Each key may occur once.',
  ),
  'outside-span': stop(
    'Rækken hører til en måned eller et år uden for leverancens periode. Udvid leverancens periode, eller tag rækken ud.',
    'The row belongs to a month or year outside the span of the delivery. Widen the span, or take the row out.',
  ),
  'row-count': stop(
    'Filen har et andet antal rækker, end der blev oplyst, da den blev sendt. Kontrollér, at hele filen er sendt.',
    'The file has another number of rows than was announced when it was sent. Check that all of it was sent.',
  ),
  cpr: stop(
    'Cpr-nummeret har ikke ti cifre eller ikke en dato, der findes.',
    'The CPR number does not have ten digits or not a date that exists.',
  ),
  'cpr-modulus': info(
    'Cpr-nummeret opfylder ikke modulus 11. Det kan være rigtigt: numre uden kontrolciffer er udstedt siden 2007.',
    'The CPR number fails modulus 11. It may be right: numbers without the check digit have been issued since 2007.',
  ),
  'cpr-replacement': info(
    'Cpr-nummeret er et erstatningsnummer (dag + 60).',
    'The CPR number is a replacement number (day + 60).',
  ),
  'delete-absent': {
    severity: 'warning',
    message: {
      da: 'Rækken skal slettes, men nøglen findes ikke. Der er ikke gjort noget.',
      en: 'The row is to be deleted, but the key is not there. Nothing was done.',
    },
  },
  'delta-sequence': stop(
    'Deltaets nummer følger ikke efter det senest godkendte. Send de manglende deltaer, eller lever et total.',
    'The number of the delta does not follow the last accepted one. Send the missing deltas, or deliver a total.',
  ),
  'source-system': stop(
    'Tabellen leveres af et andet kildesystem. Et nyt kildesystem begynder med en totalleverance.',
    'The table is delivered by another source system. A new source system starts with a total delivery.',
  ),
} as const satisfies Record<string, { severity: Severity; message: Text }>;

export type StructureRule = keyof typeof STRUCTURE_RULES;

function stop(da: string, en: string) {
  return { severity: 'stop', message: { da, en } } as const;
}

function info(da: string, en: string) {
  return { severity: 'info', message: { da, en } } as const;
}

/** Where a structure rule was broken. */
export interface Place {
  readonly table: string;
  readonly period?: string | null;
  readonly row?: number | null;
  readonly column?: Column | null;
  /** The header of the source column where it differs from the column's name. */
  readonly header?: string;
  readonly reference?: string | null;
}

/** An example of a broken structure rule, with what the column expects where that helps. */
export function structureFinding(rule: StructureRule, place: Place): Finding {
  const { severity, message } = STRUCTURE_RULES[rule];
  return {
    rule,
    severity,
    table: place.table,
    period: place.period ?? null,
    row: place.row ?? null,
    column: place.header ?? place.column?.name ?? null,
    reference: place.reference ?? null,
    message: place.column == null ? message : completed(rule, message, place.column.type),
  };
}

/** Rules about the value of a column end with what the column expects. */
function completed(rule: StructureRule, { da, en }: Text, type: ColumnType): Text {
  if (rule === 'type') {
    const expected = expectedForm(type);
    return { da: `${da}: ${expected.da}.`, en: `${en}: ${expected.en}.` };
  }
  const namesList = rule === 'code' || rule === 'code-validity';
  return namesList && type.type === 'code'
    ? { da: `${da} ${type.list.id}.`, en: `${en} ${type.list.id}.` }
    : { da, en };
}

/** How a value of a column must be written. */
export function expectedForm(type: ColumnType): Text {
  switch (type.type) {
    case 'text':
      return {
        da: `tekst på højst ${type.maxLength} tegn uden styretegn${type.pattern === undefined ? '' : ` efter mønstret ${type.pattern}`}`,
        en: `text of at most ${type.maxLength} characters without control characters${type.pattern === undefined ? '' : `, matching ${type.pattern}`}`,
      };
    case 'code':
      return { da: `en kode fra listen ${type.list.id}`, en: `a code of the list ${type.list.id}` };
    case 'integer':
      return {
        da: `et helt tal fra ${type.minimum} til ${type.maximum} uden foranstillede nuller`,
        en: `a whole number from ${type.minimum} to ${type.maximum} without leading zeros`,
      };
    case 'decimal':
      return decimalForm(type.precision, type.scale);
    case 'money':
      return decimalForm(15, 2);
    case 'date':
      return { da: 'en dato skrevet ÅÅÅÅ-MM-DD', en: 'a date written YYYY-MM-DD' };
    case 'month':
      return { da: 'en måned skrevet ÅÅÅÅ-MM', en: 'a month written YYYY-MM' };
    case 'schoolYear':
      return { da: 'et skoleår skrevet 2024-2025', en: 'a school year written 2024-2025' };
    case 'boolean':
      return { da: 'true eller false', en: 'true or false' };
    case 'person':
      return { da: 'et cpr-nummer på ti cifre', en: 'a CPR number of ten digits' };
  }
}

function decimalForm(precision: number, scale: number): Text {
  return {
    da: `et tal med højst ${precision - scale} cifre før og højst ${scale} efter decimaltegnet`,
    en: `a number of at most ${precision - scale} digits before and at most ${scale} after the decimal mark`,
  };
}

/** A date and four digits, with dots, hyphens and spaces as people write them; days from 61 on are replacement numbers. */
const CPR = /(?<!\d)(?:[0-2]\d|3[01]|[6-8]\d|9[01])[ .-]{0,3}(?:0[1-9]|1[0-2])[ .-]{0,3}\d\d[ .-]{0,3}\d{4}(?!\d)/g;

/**
 * Hides whatever looks like a CPR number in a text that names rows, e.g. a local identifier that is really one. Parts of the text must be
 * kept apart by something else than spaces, dots and hyphens, or the end of one and the beginning of the next may look like one together.
 */
export function maskCpr(text: string): string {
  return text.replace(CPR, '**********');
}
