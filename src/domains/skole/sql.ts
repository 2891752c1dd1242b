// Pieces of SQL that sources and rules of `skole` share: how far the data reach, count dates, school days and exact division.
// Text only; nothing runs here.

/** Where the pupils of a municipality's own schools go: the population of segregation (SK05). */
export const KOMMUNALE_INSTITUTIONSTYPER = `('1012', '1014', '1015', '1016', '3001', '3002')`;

/** Institutions that teach nobody but pupils with special needs. */
export const SPECIALINSTITUTIONER = `('1015', '1016', '3001', '3002')`;

/** Institutions whose absence is registered day by day. */
export const FRAVAERSINSTITUTIONER = `('1012', '1015')`;

/** The first calendar year of the school year in a column, e.g. 2024 of 2024-2025. */
export function startYear(column: string): string {
  return `cast(left(${column}, 4) as integer)`;
}

/** The school year before the one in a column. */
export function previousSchoolYear(column: string): string {
  return `(${startYear(column)} - 1) || '-' || left(${column}, 4)`;
}

/**
 * The school year that a date lies in; August begins a new one. Not by `year()` and `month()`: DuckDB prepares a table of 80 years of dates for
 * each of them, in every operator and once more whenever a constant is folded (measured: 0.2 ms each, 8 of the 12 ms of one rule).
 */
export function schoolYearOf(date: string): string {
  return `strftime(${date} - to_months(7), '%Y-') || strftime(${date} + to_months(5), '%Y')`;
}

/** Whether a course (alias `course`) holds on a date. With `is null or …` DuckDB turns outer and anti joins into nested loops, 30 times slower. */
export function activeOn(course: string, date: string): string {
  return `${course}.gyldig_fra <= ${date} and coalesce(${course}.gyldig_til, date '9999-12-31') >= ${date}`;
}

/**
 * CTE `naaet(skoleaar, dato)`: the last day that the data of a school year tell about. A count date later than that has not
 * been yet, even though a course without an end would seem to hold on it.
 */
export const NAAET = `naaet as (
  select skoleaar, max(dato) as dato from (
    select skoleaar, gyldig_fra as dato from sko_elev
    union all select skoleaar, dato from sko_skoledag)
  group by skoleaar)`;

/** CTEs `naaet` and `taelledage(skoleaar, period, dato, kalendermaaned)`: the 1st of each month, in September the 5th, as far as the data reach. */
export const TAELLEDAGE = `${NAAET}, taelledage as (
  select skoleaar, period, dato, kalendermaaned from (
    select skoleaar, naaet.dato as naaet_dato, strftime(foerste, '%Y-%m') as period, kalendermaaned,
      case when kalendermaaned = 9 then foerste + 4 else foerste end as dato
    from (select skoleaar, dato, cast((nummer + 7) % 12 + 1 as integer) as kalendermaaned,
        cast(make_date(${startYear('skoleaar')}, 8, 1) + to_months(cast(nummer as integer)) as date) as foerste
      from naaet cross join range(12) maaneder(nummer)) naaet)
  where dato <= naaet_dato)`;

/**
 * CTE `forloeb(skoleaar, institution_nr, gyldig_fra, gyldig_til, antal)`: courses at institutions with daily absence,
 * gathered by what decides the number of school days; `kalender` is the institution whose calendar they follow.
 */
export const FORLOEB = `egne as (select distinct skoleaar, institution_nr from sko_skoledag where institution_nr <> ''),
forloeb as (
  select skoleaar, institution_nr, gyldig_fra, gyldig_til, count(*) as antal,
    case when (skoleaar, institution_nr) in (select (skoleaar, institution_nr) from egne) then institution_nr else '' end as kalender
  from sko_elev join sko_institution using (institution_nr)
  where institutionstype in ${FRAVAERSINSTITUTIONER}
  group by all)`;

/**
 * An exact quotient with ten decimals, rounded half away from zero: DuckDB's `/` gives a floating-point number, so the
 * division is done in whole numbers. @param numerator whole number @param denominator positive whole number; 0 gives null
 */
export function exactQuotient(numerator: string, denominator: string): string {
  const scaled = `2 * abs(cast(${numerator} as hugeint)) * 10000000000`;
  return `cast(sign(${numerator}) * ((${scaled} + ${denominator}) // nullif(2 * ${denominator}, 0)) as decimal(28, 0)) * cast(0.0000000001 as decimal(10, 10))`;
}

/** A class as findings name it. */
export const KLASSE = `'institution_nr=' || institution_nr || ', klasse_id=' || klasse_id`;
