// Answers as CSV: comma, LF, header line, minimal quoting. Cells are not altered for anyone's spreadsheet.

/** A cell: null is written as nothing, the empty string as `""`, so that both survive. */
export type Cell = string | number | boolean | null | undefined;

/** The media type of what `toCsv` makes. */
export const CSV_MEDIA_TYPE = 'text/csv; charset=utf-8; header=present';

const NEEDS_QUOTES = /[",\n\r]/;

function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  const text = String(cell);
  return text === '' || NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @returns CSV text: the header line, then one line per row; columns are taken by name in the order given. */
export function toCsv<Column extends string>(
  columns: readonly Column[],
  rows: Iterable<Readonly<Partial<Record<Column, Cell>>>>,
): string {
  let text = `${columns.map(cellText).join(',')}\n`;
  for (const row of rows) text += `${columns.map((column) => cellText(row[column])).join(',')}\n`;
  return text;
}
