// The part of the declaration check that looks at one key figure, its formulas and its worked examples.

import { isPeriod } from '../platform/time/period.ts';
import { formulasOf } from './catalogue.ts';
import { checkCodeList, checkReads, type Report, type TablesByName } from './declaration-report.ts';
import {
  type Domain,
  type Formula,
  type FormulaRelation,
  type KeyFigure,
  MUNICIPALITY_COLUMN,
  type WorkedExample,
} from './definition.ts';

/** Faults one key figure of a domain. */
export function checkKeyFigure(domain: Domain, keyFigure: KeyFigure, tables: TablesByName, report: Report): void {
  const where = `${domain.id} / ${keyFigure.id}`;
  report.unique('key figure', keyFigure.id, where);
  report.texts(where, { title: keyFigure.title, description: keyFigure.description, unit: keyFigure.unit });
  if (!/^[A-Z][A-Z0-9-]*$/.test(keyFigure.id)) report.fault(where, 'the id must be capital letters, digits and -');
  if (keyFigure.domain !== domain.id) report.fault(where, `names the domain '${keyFigure.domain}'`);
  if (keyFigure.persons !== (keyFigure.minimumCell === 5)) {
    report.fault(where, 'the minimum cell must be 5 when persons are counted, and 0 otherwise');
  }
  if (keyFigure.personCount !== undefined && !keyFigure.persons)
    report.fault(where, 'counts persons but is not about any');
  if (keyFigure.denominator === null && !['count', 'amount'].includes(keyFigure.kind)) {
    report.fault(where, `a ${keyFigure.kind} needs a denominator`);
  }
  if (!(keyFigure.factor > 0)) report.fault(where, 'the factor must be above 0');
  if (!Number.isInteger(keyFigure.decimals) || keyFigure.decimals < 0 || keyFigure.decimals > 6) {
    report.fault(where, 'decimals must be a whole number from 0 to 6');
  }
  for (const formula of formulasOf(keyFigure)) checkFormula(formula, tables, report);
  checkBreakdowns(where, keyFigure, report);
  if (keyFigure.examples.length === 0) report.fault(where, 'has no worked example');
  for (const example of keyFigure.examples) checkExample(where, keyFigure, example, tables, report);
}

/** Faults a relation between formulas: it is about values that a release of the domain holds. */
export function checkRelation(domain: Domain, relation: FormulaRelation, report: Report): void {
  const formulas = relation.kind === 'mean' ? [relation.mean, relation.of] : [...relation.wholes, ...relation.parts];
  const where = `${domain.id} / relation ${formulas.map(({ id }) => id).join(', ')}`;
  if (relation.kind !== 'mean' && (relation.wholes.length === 0 || relation.parts.length === 0)) {
    report.fault(where, 'needs a whole and a part');
  }
  const known = new Set(domain.keyFigures.flatMap(formulasOf).map(({ id }) => id));
  for (const { id } of formulas.filter((formula) => !known.has(formula.id))) {
    report.fault(where, `no key figure of the domain has the formula '${id}'`);
  }
}

function checkFormula(formula: Formula, tables: TablesByName, report: Report): void {
  const where = `formula ${formula.id}`;
  report.oneMeaning('formula', formula.id, formula);
  report.oneMeaning('source', formula.source.id, formula.source);
  report.texts(where, { title: formula.title });
  if (!Number.isInteger(formula.version) || formula.version < 1) report.fault(where, 'the version must be 1 or more');
  if (formula.measure.trim() === '') report.fault(where, 'has no measure');
  checkReads(`source ${formula.source.id}`, formula.source.bucket, formula.source.reads, tables, report);
  for (const name of formula.source.needs ?? []) {
    if (!(name in formula.source.reads))
      report.fault(`source ${formula.source.id}`, `needs '${name}', which it does not read`);
  }
}

function checkBreakdowns(where: string, keyFigure: KeyFigure, report: Report): void {
  for (const breakdown of keyFigure.breakdowns) {
    report.texts(`${where} / ${breakdown.column}`, { title: breakdown.title });
    if (breakdown.codes !== undefined) checkCodeList(breakdown.codes, report);
    for (const formula of formulasOf(keyFigure)) {
      if (formula.breakdowns?.includes(breakdown.column)) continue;
      report.fault(where, `the formula ${formula.id} is not computed by '${breakdown.column}'`);
    }
  }
}

function checkExample(
  where: string,
  keyFigure: KeyFigure,
  example: WorkedExample,
  tables: TablesByName,
  report: Report,
): void {
  report.texts(`${where} / example`, { title: example.title });
  const place = `${where} / example '${example.title.en}'`;
  if (!isPeriod(keyFigure.level, example.period)) report.fault(place, `'${example.period}' is no ${keyFigure.level}`);
  if ((example.value === null) !== (example.missing !== undefined)) {
    report.fault(place, 'must have a value or else say why it is missing');
  }
  if (example.breakdown !== undefined && keyFigure.breakdowns.length === 0) {
    report.fault(place, 'has a breakdown, but the key figure has none');
  }
  for (const [name, rows] of Object.entries(example.given)) {
    const table = tables.get(name);
    if (table === undefined) {
      report.fault(place, `gives rows of the unknown table '${name}'`);
      continue;
    }
    const columns = new Set(table.columns.map((column) => column.name));
    const unknown = new Set(rows.flatMap((row) => Object.keys(row).filter((column) => !columns.has(column))));
    for (const column of unknown) report.fault(place, `gives the unknown column '${name}.${column}'`);
    // An example's rows may leave out the municipality: they are all of one.
    for (const column of table.columns.filter((one) => !one.nullable && one.name !== MUNICIPALITY_COLUMN.name)) {
      if (rows.every((row) => row[column.name] != null)) continue;
      report.fault(place, `leaves '${name}.${column.name}' empty, which is not nullable`);
    }
  }
}
