// What follows from CPR numbers, in DuckDB: validity, pseudonym, year of birth and sex, once per person. The key travels as a parameter,
// and CPR numbers stay in the job's own folder: nothing here returns one.
import type { Table } from '../../domains/definition.ts';
import { type Duck, quoteIdentifier } from '../../platform/duckdb/duckdb.ts';
import { EXAMPLES_PER_RULE, type FaultyRows } from './rules.ts';
import { stageName } from './store-source.ts';

/** Name of the table of one table's persons: cpr, borger_id, foedselsaar, koen and what is wrong with the number. */
export function personsName(table: Table): string {
  return `persons_${table.name}`;
}

/** @returns the column of `table` that holds persons, if any. */
export function personColumn(table: Table): string | undefined {
  return table.columns.find((column) => column.type.type === 'person')?.name;
}

const BLOCK = 64;

function padded(key: Uint8Array, byte: number): string {
  return Buffer.from(Array.from({ length: BLOCK }, (_, index) => (key[index] ?? 0) ^ byte)).toString('hex');
}

/** The century by the seventh digit and the year, as the CPR office defines it. */
const BIRTH_YEAR = `case
  when seventh <= 3 then 1900 + yy
  when seventh in (4, 9) then if(yy <= 36, 2000, 1900) + yy
  else if(yy <= 57, 2000, 1800) + yy end`;

/** Whether year, month and day are a date. In numbers: to write a text and read it as a date takes 180 ns a person, this 13 (measured). */
const IS_DATE = `day_of_month between 1 and case
  when mm in (1, 3, 5, 7, 8, 10, 12) then 31
  when mm in (4, 6, 9, 11) then 30
  when mm = 2 then if(foedselsaar % 4 = 0 and (foedselsaar % 100 <> 0 or foedselsaar % 400 = 0), 29, 28)
  else 0 end`;

const MODULUS_11 = [4, 3, 2, 7, 6, 5, 4, 3, 2, 1]
  .map((weight, index) => `${weight} * (digits // ${10 ** (9 - index)} % 10)`)
  .join(' + ');

/** Makes `personsName(table)` from the CPR numbers of sound rows. Replacement numbers have the day + 60. `held`: some row of the person is not a deletion. */
export async function stagePersons(
  duck: Duck,
  table: Table,
  sound: string,
  delta: boolean,
  key: Uint8Array,
): Promise<void> {
  const column = quoteIdentifier(personColumn(table) ?? '');
  await duck.run(
    `create table ${quoteIdentifier(personsName(table))} as
     with parts as (
       select cpr, held, cast(cpr as bigint) as digits, cast(substr(cpr, 1, 2) as integer) as dd, cast(substr(cpr, 3, 2) as integer) as mm,
         cast(substr(cpr, 5, 2) as integer) as yy, cast(substr(cpr, 7, 1) as integer) as seventh
       from (
         select ${column} as cpr, ${delta ? "bool_or(_op <> 'D')" : 'true'} as held
         from ${quoteIdentifier(stageName(table))} where ${sound} and ${column} is not null group by ${column})),
     dated as (select *, ${BIRTH_YEAR} as foedselsaar, if(dd > 60, dd - 60, dd) as day_of_month from parts)
     select cpr, held,
       substr(sha256(unhex($1) || unhex(sha256(unhex($2) || encode(cpr)))), 1, 32) as borger_id,
       cast(foedselsaar as bigint) as foedselsaar,
       if(digits % 2 = 1, 'M', 'K') as koen,
       not (${IS_DATE}) as impossible,
       (${MODULUS_11}) % 11 <> 0 as off_modulus,
       dd > 60 as replacement
     from dated`,
    [padded(key, 0x5c), padded(key, 0x36)],
  );
}

/** Replacement numbers never have a check digit, and of an impossible number nothing else is said. */
const FAULTS = {
  impossible: 'impossible',
  off_modulus: 'off_modulus and not replacement and not impossible',
  replacement: 'replacement and not impossible',
};

export type PersonFault = keyof typeof FAULTS;

/** Rows whose CPR number has a fault, per fault that occurs. */
export async function findPersonFaults(
  duck: Duck,
  table: Table,
  sound: string,
): Promise<Partial<Record<PersonFault, FaultyRows>>> {
  const persons = quoteIdentifier(personsName(table));
  const faults = Object.entries(FAULTS) as [PersonFault, string][];
  const counts = faults.map(([fault, where]) => `count_if(${where}) as ${fault}`);
  const [any] = await duck.all<Record<PersonFault, number>>(`select ${counts.join(', ')} from ${persons}`);
  const found: Partial<Record<PersonFault, FaultyRows>> = {};
  for (const [fault, where] of faults) {
    if (any === undefined || any[fault] === 0) continue;
    const [rows] = await duck.all<{ count: number; rows: string }>(
      `select count(*) as count, min(rowid + 1, ${EXAMPLES_PER_RULE})::varchar as rows
       from ${quoteIdentifier(stageName(table))} s
       where ${sound} and s.${quoteIdentifier(personColumn(table) ?? '')} in (select cpr from ${persons} where ${where})`,
    );
    if (rows !== undefined) found[fault] = { count: rows.count, rows: JSON.parse(rows.rows) as number[] };
  }
  return found;
}

/**
 * Makes the typed rows of `table` under `name`: declared columns with pseudonyms and derived columns, `_row` (record number), `_op` for a delta.
 * Without persons it is a view; with persons a table, joined once instead of once per slice.
 */
export async function stageRows(duck: Duck, table: Table, name: string, delta: boolean): Promise<void> {
  const stage = quoteIdentifier(stageName(table));
  const person = personColumn(table);
  const columns = table.columns.map((column) => {
    const quoted = quoteIdentifier(column.name);
    if (column.derived === 'birth-year') return `p.foedselsaar as ${quoted}`;
    if (column.derived === 'sex') return `p.koen as ${quoted}`;
    return column.name === person ? `p.borger_id as ${quoted}` : `s.${quoted}`;
  });
  const list = [...columns, 's.rowid + 1 as _row', ...(delta ? ['s._op'] : [])].join(', ');
  if (person === undefined) {
    await duck.run(`create view ${quoteIdentifier(name)} as select ${list} from ${stage} s`);
    return;
  }
  const persons = quoteIdentifier(personsName(table));
  await duck.run(
    `create table ${quoteIdentifier(name)} as select ${list} from ${stage} s left join ${persons} p on p.cpr = s.${quoteIdentifier(person)};
     drop table ${stage}`,
  );
}
