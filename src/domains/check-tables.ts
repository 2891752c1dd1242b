// The part of the declaration check that looks at one table: names, types, key and period.
import { checkCodeList, type Report } from './declaration-report.ts';
import { type Column, type ColumnType, type Domain, MUNICIPALITY_COLUMN, type Table } from './definition.ts';

const NAME = /^[a-z][a-z0-9_]*$/;

/** Names with a meaning of their own in source files, in packages and in the queries of rules. */
const RESERVED_COLUMNS = ['cpr', '_op', '_revision', 'bucket'];

/** Which column types a period can follow from. */
const PERIOD_TYPES: Readonly<Record<string, readonly ColumnType['type'][]>> = {
  year: ['integer', 'month', 'date'],
  schoolYear: ['schoolYear', 'month', 'date'],
  month: ['month', 'date'],
};

/** Faults one table of a domain. */
export function checkTable(domain: Domain, table: Table, report: Report): void {
  const where = `${domain.id} / ${table.name}`;
  report.unique('table', table.name, where);
  report.texts(where, { title: table.title, description: table.description });
  if (!NAME.test(table.name)) report.fault(where, 'the name must be lower-case letters, digits and _');
  if (table.name.startsWith('identitet_')) report.fault(where, 'names that begin with identitet_ are taken');
  if (table.columns[0]?.name !== MUNICIPALITY_COLUMN.name || table.key[0] !== MUNICIPALITY_COLUMN.name) {
    report.fault(where, 'must be made with defineTable');
  }
  if (table.sources.length === 0) report.fault(where, 'no source system delivers it');
  for (const source of table.sources.filter((one) => !domain.sources.includes(one))) {
    report.fault(where, `the source system '${source}' is not one of the domain's`);
  }
  checkColumns(where, table, report);
  checkPersons(where, domain, table, report);
  checkKey(where, table, report);
  checkPeriod(where, table, report);
}

function checkColumns(where: string, table: Table, report: Report): void {
  const persons = table.columns.filter((column) => column.type.type === 'person');
  if (persons.length > 1) report.fault(where, 'has more than one person column');
  const names = new Set<string>();
  for (const column of table.columns) {
    const place = `${where} / ${column.name}`;
    if (names.has(column.name)) report.fault(place, 'the column is declared twice');
    names.add(column.name);
    if (!NAME.test(column.name)) report.fault(place, 'the name must be lower-case letters, digits and _');
    if (RESERVED_COLUMNS.includes(column.name)) report.fault(place, 'the name is taken');
    report.texts(place, { title: column.title, description: column.description });
    checkType(place, column.type, report);
    checkDerived(place, column, persons.length > 0, report);
  }
}

function checkDerived(place: string, column: Column, hasPerson: boolean, report: Report): void {
  if (column.derived === undefined) return;
  if (!hasPerson) report.fault(place, 'is derived from the CPR number, but the table has no person column');
  const expected = column.derived === 'sex' ? 'code' : 'integer';
  if (column.type.type !== expected) report.fault(place, `a derived ${column.derived} must be of type ${expected}`);
}

/** A number that stands for a person leads to a pseudonym, or a search for the person would pass its rows by. */
function checkPersons(where: string, domain: Domain, table: Table, report: Report): void {
  const numbers = table.columns.filter(({ identifiesPerson }) => identifiesPerson);
  if (numbers.length > 1) report.fault(where, 'has more than one column that identifies persons');
  for (const { name, nullable } of numbers) {
    const leads = domain.tables.some(
      ({ columns }) =>
        columns.some((column) => column.name === name && column.identifiesPerson) &&
        columns.some(({ type }) => type.type === 'person'),
    );
    if (!leads) report.fault(`${where} / ${name}`, 'identifies persons, but no table has both it and a person column');
    if (nullable) report.fault(`${where} / ${name}`, 'identifies persons, so it must not be nullable');
  }
}

function checkType(place: string, type: ColumnType, report: Report): void {
  switch (type.type) {
    case 'code':
      checkCodeList(type.list, report);
      break;
    case 'integer':
      if (!(type.minimum <= type.maximum)) report.fault(place, 'the minimum is above the maximum');
      break;
    case 'decimal':
      if (!(type.precision >= 1 && type.precision <= 38 && type.scale >= 0 && type.scale <= type.precision)) {
        report.fault(place, 'precision must be 1-38 and scale at most the precision');
      }
      break;
    case 'text':
      if (!(type.maxLength >= 1)) report.fault(place, 'the longest text must have at least one character');
      if (type.pattern !== undefined && !/^\^.*\$$/.test(type.pattern))
        report.fault(place, 'the pattern is not anchored');
      break;
  }
}

function checkKey(where: string, table: Table, report: Report): void {
  if (table.key.length < 2) report.fault(where, 'has no natural key');
  if (new Set(table.key).size < table.key.length) report.fault(where, 'names a key column twice');
  for (const name of table.key) {
    const column = table.columns.find((one) => one.name === name);
    if (column === undefined) report.fault(where, `the key column '${name}' does not exist`);
    else if (column.nullable) report.fault(where, `the key column '${name}' is nullable`);
  }
}

function checkPeriod(where: string, table: Table, report: Report): void {
  const { period } = table;
  if (period.kind === 'none') return;
  // An upsert must never move a row between slices, so the period follows from the key.
  if (!table.key.includes(period.from))
    report.fault(where, `the period does not follow from the key ('${period.from}')`);
  const column = table.columns.find((one) => one.name === period.from);
  if (column !== undefined && !PERIOD_TYPES[period.kind]?.includes(column.type.type)) {
    report.fault(where, `a ${period.kind} cannot follow from '${period.from}', which is of type ${column.type.type}`);
  }
}
