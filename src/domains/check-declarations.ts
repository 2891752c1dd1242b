// Checks all declarations against each other and reports every fault at once, so that the author of a domain
// needs one start to see them all. Knows the vocabulary of definition.ts, no domain; runs no SQL.
import { checkKeyFigure, checkRelation } from './check-key-figures.ts';
import { checkRule } from './check-rules.ts';
import { checkTable } from './check-tables.ts';
import { makeReport, type TablesByName } from './declaration-report.ts';
import type { Domain, Frequency } from './definition.ts';

const FREQUENCIES: readonly string[] = ['daily', 'weekly', 'monthly'] satisfies Frequency[];

/** @returns every fault of the declarations of `domains` as a sentence; none when they are sound. */
export function checkDeclarations(domains: readonly Domain[]): string[] {
  const faults: string[] = [];
  const report = makeReport(faults);
  const tables: TablesByName = new Map(
    domains.flatMap((domain) => domain.tables.map((table) => [table.name, table] as const)),
  );
  for (const domain of domains) {
    report.unique('domain', domain.id, domain.id);
    report.texts(domain.id, { title: domain.title, description: domain.description });
    if (!/^[a-z][a-z0-9-]*$/.test(domain.id))
      report.fault(domain.id, 'the id must be lower-case letters, digits and -');
    if (domain.sources.length === 0) report.fault(domain.id, 'names no source system');
    // A domain may come from a folder that no compiler has looked at.
    const frequencies: readonly string[] = domain.frequencies ?? [];
    if (frequencies.length === 0 || !frequencies.every((each) => FREQUENCIES.includes(each)))
      report.fault(domain.id, `the frequencies of delivery must be some of ${FREQUENCIES.join(', ')}`);
    for (const table of domain.tables) checkTable(domain, table, report);
    for (const rule of domain.rules) checkRule(domain, rule, report);
    for (const keyFigure of domain.keyFigures) checkKeyFigure(domain, keyFigure, tables, report);
    for (const relation of domain.relations) checkRelation(domain, relation, report);
  }
  return faults;
}
