// Rows for the worked examples of `oekonomi`: an account is written '3.22.01', every other column has an ordinary value.
// Only what an example is about is named in it.

type Row = Readonly<Record<string, string | null>>;

/** What an example row can vary; period 12 closes the year. */
interface Booking {
  readonly year?: string;
  readonly period?: string;
  readonly dranst?: string;
  readonly gruppering?: string;
  readonly art?: string;
  readonly omkostningssted?: string;
}

function accountOf(funktion: string, booking: Booking): Row {
  const [hovedkonto, hovedfunktion, funktionPart] = funktion.split('.');
  return {
    kommunekode: '999',
    hovedkonto: hovedkonto ?? null,
    hovedfunktion: hovedfunktion ?? null,
    funktion: funktionPart ?? null,
    dranst: booking.dranst ?? '1',
    gruppering: booking.gruppering ?? '000',
  };
}

function bookedOn(funktion: string, beloeb: string, booking: Booking): Row {
  return {
    ...accountOf(funktion, booking),
    regnskabsaar: booking.year ?? '2024',
    ejerforhold: '1',
    art: booking.art ?? '10',
    registreringskonto: '',
    omkostningssted: booking.omkostningssted ?? '',
    beloeb,
  };
}

/** A balance of `beloeb` kroner on the account `funktion` ('3.22.01'), in period 12 of 2024 unless told otherwise. */
export function balance(funktion: string, beloeb: string, booking: Booking = {}): Row {
  return { ...bookedOn(funktion, beloeb, booking), periode: booking.period ?? '12' };
}

/** A year's budget of `beloeb` kroner on the account `funktion`, not spread over months unless told otherwise. */
export function budgeted(version: 'opr' | 'korr', funktion: string, beloeb: string, booking: Booking = {}): Row {
  return { ...bookedOn(funktion, beloeb, booking), version, periode: booking.period ?? '0' };
}

/** An account of the chart of 2024 unless told otherwise. */
export function charted(funktion: string, serviceudgift: boolean, booking: Booking = {}): Row {
  return {
    ...accountOf(funktion, booking),
    aar: booking.year ?? '2024',
    tekst: 'Konto',
    autoriseret: 'true',
    im_match: 'true',
    serviceudgift: String(serviceudgift),
  };
}
