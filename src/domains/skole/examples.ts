// Rows for the worked examples of `skole`: every column has an ordinary value, so that an example names only what it is about.

type Row = Readonly<Record<string, string | null>>;

/** Institutions of the examples: two municipal schools, a private and a special school, and a municipal one that is not counted as a school (115). */
export const SKOLE = '999001';
export const NABOSKOLE = '999002';
export const PRIVATSKOLE = '999003';
export const SPECIALSKOLE = '999004';
export const UDELADT_SKOLE = '999005';

const KINDS: readonly (readonly [string, string, string, string])[] = [
  [SKOLE, '1012', '10', '2'],
  [NABOSKOLE, '1012', '10', '2'],
  [PRIVATSKOLE, '1013', '30', '4'],
  [SPECIALSKOLE, '1015', '20', '2'],
  [UDELADT_SKOLE, '1012', '115', '2'],
];

/** The institutions above, as rows of sko_institution. */
export const INSTITUTIONS: readonly Row[] = KINDS.map(([number, kind, type, owner]) => ({
  kommunekode: '999',
  institution_nr: number,
  navn: `Institution ${number}`,
  institutionstype: kind,
  skoletype: type,
  ejerkode: owner,
  beliggenhedskommune: '999',
}));

/** What an example can vary about a pupil. */
interface Pupil {
  readonly year?: string;
  readonly institution?: string;
  readonly klasse?: string;
  readonly grade?: number;
  readonly from?: string;
  readonly to?: string;
  readonly born?: number;
  readonly home?: string;
}

/** A pupil of grade 1, class 1A, at SKOLE from the start of the school year (2024-2025), unless told otherwise. */
export function pupil(ident: number, about: Pupil = {}): Row {
  const year = about.year ?? '2024-2025';
  const grade = about.grade ?? 1;
  return {
    kommunekode: '999',
    skoleaar: year,
    elev_ident: String(ident),
    institution_nr: about.institution ?? SKOLE,
    klasse_id: about.klasse ?? '1A',
    gyldig_fra: about.from ?? `${year.slice(0, 4)}-08-01`,
    gyldig_til: about.to ?? null,
    borger_id: String(ident).padStart(32, '0'),
    foedselsaar: String(about.born ?? Number(year.slice(0, 4)) - 6 - grade),
    koen: ident % 2 === 0 ? 'K' : 'M',
    personligt_klassetrin: String(grade),
    elevtype: '1',
    er_tosproget: 'false',
    bopaelskommune: about.home ?? '999',
    bopaelskommune_fra_cpr: 'false',
    produktionssystem: 'kmd-educa',
  };
}

/** `count` pupils alike, numbered from `first`. */
export function pupils(first: number, count: number, about: Pupil = {}): Row[] {
  return Array.from({ length: count }, (_, index) => pupil(first + index, about));
}

/** What an example can vary about a class. */
interface Class {
  readonly year?: string;
  readonly institution?: string;
  readonly klassetype?: string | null;
  readonly klassetrin?: string;
}

/** A class, a normal one of grade 1 at SKOLE in 2024-2025 unless told otherwise. */
export function schoolClass(klasse: string, about: Class = {}): Row {
  const klassetrin = about.klassetrin ?? '1';
  return {
    kommunekode: '999',
    skoleaar: about.year ?? '2024-2025',
    institution_nr: about.institution ?? SKOLE,
    klasse_id: klasse,
    klassetype: about.klassetype === undefined ? '40' : about.klassetype,
    klassetrin,
    arsklasse: String(klassetrin !== 'blandet'),
  };
}

/** School days of all institutions on these dates, or of one institution. */
export function schoolDays(dates: readonly string[], institution = ''): Row[] {
  return dates.map((dato) => {
    const year = Number(dato.slice(0, 4)) - (dato.slice(5, 7) < '08' ? 1 : 0);
    return { kommunekode: '999', skoleaar: `${year}-${year + 1}`, dato, institution_nr: institution };
  });
}

/** The first `count` dates of a month, `YYYY-MM`; examples need no weekends. */
export function daysOf(month: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${month}-${String(index + 1).padStart(2, '0')}`);
}

/** Absence because of illness, a whole day unless told otherwise. */
export function absence(ident: number, dato: string, andel = '1.00'): Row {
  return { kommunekode: '999', elev_ident: String(ident), dato, fravaerstype: 'sygdom', andel };
}

const COMPULSORY: readonly (readonly [string, string])[] = [
  ['dansk', 'laesning'],
  ['dansk', 'retskrivning'],
  ['dansk', 'skriftlig'],
  ['dansk', 'mundtlig'],
  ['engelsk', 'mundtlig'],
  ['naturfag', 'praktisk'],
  ['matematik', 'problemloesning'],
  ['matematik', 'faerdigheder'],
];

/** One exam grade of FP9 in 2024-2025. */
export function grade(ident: number, fag: string, proeveform: string, karakter: number | null): Row {
  return {
    kommunekode: '999',
    skoleaar: '2024-2025',
    elev_ident: String(ident),
    fag,
    proeveform,
    eksamenstype: 'FP9',
    karakterart: 'proeve',
    karakter: karakter === null ? null : String(karakter),
    karakteraarsag: karakter === null ? 'sygdom' : null,
  };
}

/** Grades in the first of the eight compulsory exams, in the order of the list. */
export function grades(ident: number, karakterer: readonly (number | null)[]): Row[] {
  return karakterer.flatMap((karakter, index) => {
    const exam = COMPULSORY[index];
    return exam === undefined ? [] : [grade(ident, exam[0], exam[1], karakter)];
  });
}
