// Reads the audit logs and blocks out of a backup folder, so that they can be verified where there is no database. Rows are rebuilt to the text that was
// digested; it keeps them all in memory, and judges nothing.
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { OPERATOR_LOG } from './rules.ts';
import type { BlockRow, Log, LogRow } from './store-blocks.ts';
import type { LogSource } from './verify-log.ts';

type Cell = string | number | null;
type Row = Record<string, Cell> & { object: Record<string, unknown> };

/** Numbers keep the text that PostgreSQL wrote: 1.0 is another edit of 1. */
class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** @returns what a backup holds of the logs. @throws when a file is missing or is no JSON */
export async function readBackup(folder: string): Promise<LogSource> {
  const { madeAt } = JSON.parse(await readFile(join(folder, 'backup.json'), 'utf8')) as { madeAt: string };
  const blocks = (await readTable(folder, 'audit_block')).map(blockOf).sort((a, b) => a.number - b.number);
  const rows: Record<Log, LogRow[]> = {
    entries: (await readTable(folder, 'audit_entry')).map(entryOf),
    operatorEntries: (await readTable(folder, 'operator_audit_entry')).map(operatorEntryOf),
  };
  for (const each of Object.values(rows)) each.sort((a, b) => a.entry - b.entry || (a.log < b.log ? -1 : 1));
  return {
    asOf: new Date(madeAt),
    blocks,
    async *rows(log) {
      yield* rows[log];
    },
  };
}

async function readTable(folder: string, table: string): Promise<Row[]> {
  const rows: Row[] = [];
  const text = createReadStream(join(folder, `${table}.jsonl.gz`)).pipe(createGunzip());
  for await (const line of createInterface({ input: text })) {
    rows.push(
      JSON.parse(line, (_key, value, context?: { source?: string }) =>
        typeof value === 'number' ? new NumberText(context?.source ?? String(value)) : value,
      ) as Row,
    );
  }
  return rows;
}

const textOf = (cell: unknown): string | null =>
  cell === null || cell === undefined ? null : cell instanceof NumberText ? cell.text : String(cell);
const numberOf = (cell: unknown): number => Number(textOf(cell));

function entryOf(row: Row): LogRow {
  const log = textOf(row.municipality_code) ?? '';
  const cells = [
    ...[row.entry, log, secondsOf(row.at), row.client_id, row.mandate_id, row.purpose, row.request_id, row.operation],
    ...[row.outcome, row.completes, objectText(row.object)],
  ];
  return { entry: numberOf(row.entry), log, line: JSON.stringify(cells.map(textOf)) };
}

function operatorEntryOf(row: Row): LogRow {
  const cells = [row.entry, secondsOf(row.at), row.client_id, row.request_id, row.operation, objectText(row.object)];
  return { entry: numberOf(row.entry), log: OPERATOR_LOG, line: JSON.stringify(cells.map(textOf)) };
}

function blockOf(row: Row): BlockRow {
  return {
    ...{ number: numberOf(row.number), previous: String(row.previous), hash: String(row.hash) },
    sealedMs: secondsOf(row.sealed_at).replace(/\.(\d{3})(\d{3})$/, '$1.$2000'),
    ...{ entryFrom: numberOf(row.entry_from), entryTo: numberOf(row.entry_to) },
    ...{ operatorEntryFrom: numberOf(row.operator_entry_from), operatorEntryTo: numberOf(row.operator_entry_to) },
  };
}

const TIME = /^(\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?([+-]\d\d(?::\d\d)?)$/;

/** A time as PostgreSQL's JSON writes it, as its seconds since 1970 with six decimals; anything else (`infinity`, `… BC`) stays what it is. */
function secondsOf(cell: unknown): string {
  const text = String(cell);
  const [, whole, fraction = '', zone = ''] = TIME.exec(text) ?? [];
  const milliseconds = Date.parse(`${whole}${zone.length === 3 ? `${zone}:00` : zone}`);
  return Number.isNaN(milliseconds) ? text : `${milliseconds / 1000}.${fraction.padEnd(6, '0')}`;
}

/** The object as PostgreSQL prints a jsonb: shorter names first, then binary order; one space after `:` and `,`. */
function objectText(value: unknown): string {
  if (value instanceof NumberText) return value.text;
  if (Array.isArray(value)) return `[${value.map(objectText).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => ({ name: Buffer.from(name), member }));
  members.sort((a, b) => a.name.length - b.name.length || Buffer.compare(a.name, b.name));
  return `{${members.map(({ name, member }) => `${JSON.stringify(name.toString())}: ${objectText(member)}`).join(', ')}}`;
}
