// What the parts of the declaration check share: the report that collects faults, and the checks of code lists
// and of reads, which occur in several kinds of declaration.
import { isPeriod, type PeriodKind } from '../platform/time/period.ts';
import type { CodeList, SliceReads, Table, Text } from './definition.ts';

/** Collects faults; `where` names the declaration, e.g. `borger / bor_befolkning / antal`. */
export interface Report {
  fault(where: string, text: string): void;
  /** Faults every text that is empty in either language. */
  texts(where: string, texts: Readonly<Record<string, Text>>): void;
  /** Faults an id that was met before with another content (functions count by their source). */
  oneMeaning(kind: string, id: string, value: unknown): void;
  /** Faults an id that was met before. */
  unique(kind: string, id: string, where: string): void;
}

/** All tables of all domains, for declarations that read another domain. */
export type TablesByName = ReadonlyMap<string, Table>;

/** Makes a report that adds its faults to `faults`. */
export function makeReport(faults: string[]): Report {
  const meanings = new Map<string, string>();
  const seen = new Set<string>();
  const report: Report = {
    fault: (where, text) => faults.push(`${where}: ${text}`),
    texts: (where, texts) => {
      for (const [name, text] of Object.entries(texts)) {
        for (const language of ['da', 'en'] as const) {
          if (text?.[language]?.trim()) continue;
          report.fault(where, `${name} has no ${language === 'da' ? 'Danish' : 'English'} text`);
        }
      }
    },
    oneMeaning: (kind, id, value) => {
      const meaning = JSON.stringify(value, (_, part) => (typeof part === 'function' ? String(part) : part));
      const earlier = meanings.get(`${kind} ${id}`);
      if (earlier === undefined) meanings.set(`${kind} ${id}`, meaning);
      else if (earlier !== meaning) report.fault(`${kind} ${id}`, 'is declared with two meanings');
    },
    unique: (kind, id, where) => {
      if (seen.has(`${kind} ${id}`)) report.fault(where, `the ${kind} '${id}' is declared twice`);
      seen.add(`${kind} ${id}`);
    },
  };
  return report;
}

/** Faults code lists without codes, with unclear validity, or whose id means two things. */
export function checkCodeList(list: CodeList, report: Report): void {
  const where = `code list ${list.id}`;
  report.oneMeaning('code list', list.id, list);
  report.texts(where, { title: list.title });
  if (list.codes.length === 0) report.fault(where, 'has no codes');
  const ends = new Map<string, string>();
  for (const { code, title, gyldigFra = '0000-01-01', gyldigTil = '9999-12-31' } of list.codes) {
    report.texts(`${where} / ${code}`, { title });
    if (gyldigFra > gyldigTil) report.fault(`${where} / ${code}`, 'ends before it begins');
    const earlier = ends.get(code);
    // The same code may come again with another text once its first validity has ended, in that order.
    if (earlier !== undefined && earlier >= gyldigFra) report.fault(`${where} / ${code}`, 'is valid twice on one day');
    ends.set(code, gyldigTil);
  }
}

/** One period of each kind, to see which periods a declaration names for a bucket. */
export const SAMPLE: Readonly<Record<PeriodKind, string>> = {
  none: 'all',
  year: '2025',
  schoolYear: '2024-2025',
  quarter: '2025Q1',
  month: '2025-03',
};

/** Faults reads of unknown tables and of periods that the table does not have. */
export function checkReads(where: string, bucket: PeriodKind, reads: SliceReads, tables: TablesByName, report: Report) {
  if (Object.keys(reads).length === 0) report.fault(where, 'reads no table');
  for (const [name, periodsOf] of Object.entries(reads)) {
    const kind = tables.get(name)?.period.kind;
    if (kind === undefined) {
      report.fault(where, `reads the unknown table '${name}'`);
      continue;
    }
    const periods = periodsOf(SAMPLE[bucket]);
    if (periods.length === 0) report.fault(where, `reads no period of '${name}'`);
    for (const period of periods.filter((one) => !isPeriod(kind, one))) {
      report.fault(where, `reads '${name}' for '${period}', but its period kind is ${kind}`);
    }
  }
}
