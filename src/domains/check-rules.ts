// The part of the declaration check that looks at one quality rule.
import { endsBefore } from '../platform/time/period.ts';
import { checkReads, type Report, SAMPLE } from './declaration-report.ts';
import type { Domain, Rule, RuleView } from './definition.ts';

/** Ids of the structure checks that every file passes through before any declared rule. */
const STRUCTURE_RULES = [
  'municipality',
  'type',
  'required',
  'code',
  'code-validity',
  'duplicate-key',
  'outside-span',
  'row-count',
  'cpr',
  'cpr-modulus',
  'cpr-replacement',
  'parse',
  'encoding',
  'op',
  'inflation-limit',
  'thousands-separator',
  'delete-absent',
  'delta-sequence',
  'source-system',
];

/** Faults one rule of a domain. A rule reads its own domain's tables only. */
export function checkRule(domain: Domain, rule: Rule, report: Report): void {
  const where = `${domain.id} / rule ${rule.id}`;
  report.unique('rule', `${domain.id}/${rule.id}`, where);
  report.texts(where, { title: rule.title, message: rule.message });
  if (!/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(rule.id)) report.fault(where, 'the id must be letters, digits and -');
  if (STRUCTURE_RULES.includes(rule.id)) report.fault(where, 'the id belongs to a structure check');
  const table = domain.tables.find((one) => one.name === rule.table);
  if (table === undefined) report.fault(where, `is about the unknown table '${rule.table}'`);
  else if (rule.column !== undefined && !table.columns.some((column) => column.name === rule.column)) {
    report.fault(where, `is about the unknown column '${rule.table}.${rule.column}'`);
  }
  const sql = rule.scope === 'row' ? rule.violation : rule.query;
  if (sql.trim() === '') report.fault(where, 'has no SQL');
  if (rule.scope !== 'row' && rule.view !== undefined) checkView(domain, where, rule.view, report);
  if (rule.scope === 'domain') {
    checkReads(where, rule.bucket, rule.reads, new Map(domain.tables.map((one) => [one.name, one])), report);
    const bucket = SAMPLE[rule.bucket];
    const readsEarlier = rule.reads[rule.table]?.(bucket).some((period) => endsBefore(period, bucket)) ?? false;
    if (rule.needsEarlier && !readsEarlier) report.fault(where, `reads no earlier period of '${rule.table}'`);
  }
}

/** Rules run together in one statement, where a name can mean one thing only. Any two rules of a domain may meet in one. */
function checkView(domain: Domain, where: string, { name, query }: RuleView, report: Report): void {
  report.oneMeaning('view', `${domain.id}/${name}`, query);
  if (!/^[a-z][a-z0-9_]*$/.test(name)) {
    report.fault(where, `the view '${name}' must be named with lower-case letters, digits and _`);
  }
  if (name === 'buckets' || domain.tables.some((table) => table.name === name)) {
    report.fault(where, `the view '${name}' has the name of a table`);
  }
  if (query.trim() === '') report.fault(where, `the view '${name}' has no SQL`);
}
