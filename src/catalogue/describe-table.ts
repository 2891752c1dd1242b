// Turns tables into their wire shape: every property of a column in its own field, null where it has no meaning.
import type { Static } from 'typebox';
import type { CodeList, Column, ColumnType, Domain, Table } from '../domains/definition.ts';
import { describeRule, type Language } from './describe-domain.ts';
import type { codeListSchema, tableListSchema, tableSchema } from './schemas-tables.ts';

type TableSummary = Static<typeof tableListSchema>['items'][number];
type WholeTable = Static<typeof tableSchema>;
type WholeColumn = WholeTable['columns'][number];

export function summariseTable(domain: Domain, table: Table, language: Language): TableSummary {
  const { period } = table;
  return {
    name: table.name,
    domain: domain.id,
    title: table.title[language],
    description: table.description[language],
    key: [...table.key],
    period: { kind: period.kind, from: period.kind === 'none' ? null : period.from },
    sources: [...table.sources],
  };
}

export function describeTable(domain: Domain, table: Table, language: Language): WholeTable {
  return {
    ...summariseTable(domain, table, language),
    columns: table.columns.map((column) => describeColumn(column, language)),
    rules: domain.rules.filter((rule) => rule.table === table.name).map((rule) => describeRule(domain, rule, language)),
  };
}

function describeColumn(column: Column, language: Language): WholeColumn {
  const { type } = column;
  return {
    name: column.name,
    sourceName: sourceNameOf(column),
    title: column.title[language],
    description: column.description[language],
    type: type.type,
    unit: column.unit ?? (type.type === 'money' ? 'kr' : null),
    optional: column.nullable,
    sensitivity: column.sensitivity,
    derivedFrom: column.derived ?? null,
    ...describeLimits(type),
    codeList: type.type === 'code' ? describeCodeList(type.list, language) : null,
  };
}

function sourceNameOf(column: Column): string | null {
  if (column.derived !== undefined) return null;
  return column.type.type === 'person' ? 'cpr' : column.name;
}

function describeLimits(type: ColumnType) {
  const limits = { maxLength: null, pattern: null, minimum: null, maximum: null, precision: null, scale: null };
  switch (type.type) {
    case 'text':
      return { ...limits, maxLength: type.maxLength, pattern: type.pattern ?? null };
    case 'integer':
      return { ...limits, minimum: type.minimum, maximum: type.maximum };
    case 'decimal':
      return { ...limits, precision: type.precision, scale: type.scale };
    case 'money':
      return { ...limits, precision: 15, scale: 2 };
    default:
      return limits;
  }
}

export function describeCodeList(list: CodeList, language: Language): Static<typeof codeListSchema> {
  return {
    id: list.id,
    title: list.title[language],
    codes: list.codes.map(({ code, title, gyldigFra, gyldigTil }) => ({
      code,
      title: title[language],
      validFrom: gyldigFra ?? null,
      validTo: gyldigTil ?? null,
    })),
  };
}
