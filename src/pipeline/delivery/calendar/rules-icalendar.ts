// Writes a calendar as iCalendar (RFC 5545, and RFC 7986 for what concerns the whole). Pure; knows nothing of deliveries. The same calendar is the same
// bytes, which is what its ETag rests on.

/** Something at a moment, or (a day) that lasts all of it. */
export interface CalendarEvent {
  /** The same each time the calendar is written. */
  readonly uid: string;
  readonly start: Date | string;
  /** When what is said of it last changed. */
  readonly changedAt: Date;
  readonly summary: string;
  readonly description: string;
  readonly url?: string;
}

export interface Calendar {
  readonly name: string;
  readonly description: string;
  readonly events: readonly CalendarEvent[];
}

/** How often a program should ask again; most have a rhythm of their own. */
const REFRESH = 'PT1H';
/** Octets of a line, its end not counted (RFC 5545, 3.1). */
const LONGEST_LINE = 75;
const LINE_END = '\r\n';

/** @returns the text of a calendar; it has one event at least, as the format demands. */
export function writeCalendar({ name, description, events }: Calendar): string {
  const lines = [
    ...['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//FLIS//Leverancer//DA', 'CALSCALE:GREGORIAN'],
    ...[`NAME:${escaped(name)}`, `X-WR-CALNAME:${escaped(name)}`],
    ...[`DESCRIPTION:${escaped(description)}`, `X-WR-CALDESC:${escaped(description)}`],
    ...['X-WR-TIMEZONE:Europe/Copenhagen', `REFRESH-INTERVAL;VALUE=DURATION:${REFRESH}`, `X-PUBLISHED-TTL:${REFRESH}`],
    ...events.flatMap(linesOf),
    'END:VCALENDAR',
  ];
  return lines.map((line) => `${folded(line)}${LINE_END}`).join('');
}

function linesOf({ uid, start, changedAt, summary, description, url }: CalendarEvent): string[] {
  return [
    'BEGIN:VEVENT',
    `UID:${escaped(uid)}`,
    // Without a METHOD the time of the last revision (3.8.7.2), not that of writing.
    `DTSTAMP:${utc(changedAt)}`,
    `LAST-MODIFIED:${utc(changedAt)}`,
    // In UTC: local time would be two instants in the hour that clocks go back.
    typeof start === 'string' ? `DTSTART;VALUE=DATE:${start.replaceAll('-', '')}` : `DTSTART:${utc(start)}`,
    `SUMMARY:${escaped(summary)}`,
    `DESCRIPTION:${escaped(description)}`,
    ...(url === undefined ? [] : [`URL:${url}`]),
    // Nobody is busy because something is delivered.
    ...['STATUS:CONFIRMED', 'TRANSP:TRANSPARENT', 'END:VEVENT'],
  ];
}

function utc(time: Date): string {
  return time.toISOString().replace(/\.\d{3}|[-:]/g, '');
}

/** A value of type TEXT (3.3.11), without control characters but line ends. */
function escaped(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/\p{Cc}/gu, '').replace(/[\\;,]/g, (mark) => `\\${mark}`))
    .join('\\n');
}

/** Breaks a long line, never inside a character. */
function folded(line: string): string {
  if (Buffer.byteLength(line) <= LONGEST_LINE) return line;
  const parts: string[] = [];
  let part = '';
  let octets = 0;
  for (const character of line) {
    const size = Buffer.byteLength(character);
    if (octets + size > LONGEST_LINE) {
      parts.push(part);
      part = ' ';
      octets = 1;
    }
    part += character;
    octets += size;
  }
  return [...parts, part].join(LINE_END);
}
