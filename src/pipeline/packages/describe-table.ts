// A table's declaration as a Frictionless Table Schema (v2): what a reader of the CSV needs to know, and what a package knows of its own columns
// when the table is declared otherwise by now. Pure.
import type { Column, Table } from '../../domains/definition.ts';

/** A field of a Table Schema; `titleEn`, `descriptionEn`, `unit`, `sensitivity` and `codes` are ours. */
export interface FieldDescriptor {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'date' | 'yearmonth' | 'boolean';
  readonly [property: string]: unknown;
}

export interface TableSchema {
  readonly $schema: string;
  readonly fields: readonly FieldDescriptor[];
  readonly fieldsMatch: readonly ['exact'];
  readonly missingValues: readonly string[];
  readonly primaryKey: readonly string[];
}

const PROFILE = 'https://datapackage.org/profiles/2.0/tableschema.json';

/** What a delta's rows carry in front of the table's columns. */
const DELTA_FIELDS: readonly FieldDescriptor[] = [
  {
    name: '_op',
    type: 'string',
    title: 'Ændring',
    titleEn: 'Operation',
    description: 'I: ny række. U: ændret række med de nye værdier. D: slettet række med nøgle og gamle værdier.',
    descriptionEn: 'I: inserted row. U: updated row with the new values. D: deleted row with key and old values.',
    constraints: { required: true, enum: ['I', 'U', 'D'] },
  },
  {
    name: '_revision',
    type: 'integer',
    title: 'Revision',
    titleEn: 'Revision',
    description: 'Revisionen, der indførte periodens nyeste indhold.',
    descriptionEn: 'The revision that introduced the newest content of the period.',
    constraints: { required: true, minimum: 1 },
  },
];

/** The schema of a table's CSV; of a delta's with the two columns in front. */
export function describeTable(table: Table, delta: boolean): TableSchema {
  const fields = table.columns.map((column) => describeColumn(column, table.key.includes(column.name)));
  return {
    $schema: PROFILE,
    fields: delta ? [...DELTA_FIELDS, ...fields] : fields,
    fieldsMatch: ['exact'],
    missingValues: [''],
    primaryKey: table.key,
  };
}

/** The DuckDB type of a field's values: for a declared column that of its slices. */
export function fieldSqlType({ type, precision, scale }: FieldDescriptor): string {
  switch (type) {
    case 'integer':
      return 'BIGINT';
    case 'number':
      return `DECIMAL(${precision},${scale})`;
    case 'date':
      return 'DATE';
    case 'boolean':
      return 'BOOLEAN';
    case 'string':
    case 'yearmonth':
      return 'VARCHAR';
  }
}

function describeColumn(column: Column, isKey: boolean): FieldDescriptor {
  const { type, ...shape } = shapeOf(column);
  // An empty text in a key is a value (`''` for "none"); to `required` it would be a missing one.
  const mayBeEmpty = isKey && column.type.type === 'text' && new RegExp(column.type.pattern ?? '').test('');
  const required = !column.nullable && !mayBeEmpty;
  const constraints = { ...(required ? { required } : {}), ...shape.constraints };
  return {
    name: column.name,
    type,
    title: column.title.da,
    titleEn: column.title.en,
    description: column.description.da,
    descriptionEn: column.description.en,
    ...shape,
    ...(mayBeEmpty ? { missingValues: [] } : {}),
    ...(Object.keys(constraints).length === 0 ? {} : { constraints }),
    ...(column.unit === undefined ? {} : { unit: column.unit }),
    sensitivity: column.sensitivity,
  };
}

interface Shape {
  readonly type: FieldDescriptor['type'];
  readonly constraints?: Readonly<Record<string, unknown>>;
  readonly [property: string]: unknown;
}

function shapeOf(column: Column): Shape {
  const { type } = column;
  switch (type.type) {
    case 'text': {
      const constraints = {
        maxLength: type.maxLength,
        ...(type.pattern === undefined ? {} : { pattern: type.pattern }),
      };
      return { type: 'string', constraints };
    }
    case 'code':
      return {
        type: 'string',
        categories: type.list.codes.map(({ code, title }) => ({ value: code, label: title.da })),
        codes: type.list.codes,
        constraints: { enum: type.list.codes.map(({ code }) => code) },
      };
    case 'integer':
      return { type: 'integer', constraints: { minimum: type.minimum, maximum: type.maximum } };
    case 'decimal':
      return { type: 'number', precision: type.precision, scale: type.scale };
    case 'money':
      return { type: 'number', precision: 15, scale: 2, currency: 'DKK' };
    case 'date':
      return { type: 'date' };
    case 'month':
      return { type: 'yearmonth' };
    case 'schoolYear':
      return { type: 'string', constraints: { pattern: '^[0-9]{4}-[0-9]{4}$' } };
    case 'boolean':
      return { type: 'boolean', trueValues: ['true'], falseValues: ['false'] };
    case 'person':
      return { type: 'string', constraints: { pattern: '^[0-9a-f]{32}$' } };
  }
}
