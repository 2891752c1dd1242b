// Rows for the worked examples of `borger`: population cells and events with every other column at an ordinary value.

type Row = Readonly<Record<string, string | null>>;

/** A population cell of one sex-undivided age band, ages inclusive. */
export function people(month: string, from: number, to: number, count: number): Row {
  return {
    kommunekode: '999',
    maaned: month,
    koen: 'ialt',
    alder_fra: String(from),
    alder_til: String(to),
    civilstand: 'ialt',
    herkomst: 'ialt',
    statsborgerskab: 'ialt',
    distrikt: 'ialt',
    antal: String(count),
  };
}

/** Event number `person` of an invented person; the number keeps natural keys apart. */
export function event(person: number, kind: string, date: string): Row {
  return {
    kommunekode: '999',
    borger_id: String(person).padStart(32, '0'),
    haendelse: kind,
    dato: date,
    alder: '30',
    foedselsaar: '1995',
    koen: 'K',
  };
}
