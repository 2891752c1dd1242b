// The quality rules of `oekonomi`: what must hold of accounts, budget and chart. Declarations only.
// Rules about deadlines, files, keys and deltas hold for every domain and are not declared here.
import { shiftPeriod } from '../../platform/time/period.ts';
import type { Rule, Severity } from '../definition.ts';
import {
  accountsOf,
  accountsOutsideChart,
  type Band,
  budgetsAcrossYears,
  missingMonths,
  monthBalances,
  monthsAcrossYears,
  monthsWithinYear,
  rowsAgainstMean,
  sumsAgainstLastYear,
  unbalancedMonths,
  unmatchedShare,
} from './deviation-queries.ts';
import { ADMINISTRATION, FOLKESKOLE, SERVICE } from './formulas.ts';

/** Per cent that may deviate before a warning and before an error: this domain's "minimal deviations". */
export const THRESHOLDS = {
  rowCount: { warning: 20, error: 50 },
  trialBalance: { warning: 0.5, error: 2 },
  unmatchedAccounts: { warning: 2, error: 10 },
  lastYear: { warning: 25 },
} as const;

/** A warning up to the error threshold and an error beyond it; `suffix` keeps the two ids apart. */
function graded(
  limits: { readonly warning: number; readonly error: number },
  make: (grade: { severity: Severity; suffix: string; band: Band }) => readonly Rule[],
): Rule[] {
  return [
    ...make({ severity: 'warning', suffix: '', band: { above: limits.warning, upTo: limits.error } }),
    ...make({ severity: 'error', suffix: '-stor', band: { above: limits.error } }),
  ];
}

const bookedAccounts = accountsOf('oko_regnskab');

const referenceRules = (['oko_regnskab', 'oko_budget'] as const).map((table): Rule => {
  const view = table === 'oko_regnskab' ? bookedAccounts : accountsOf(table);
  return {
    id: table === 'oko_regnskab' ? 'DQ06-regnskab' : 'DQ06-budget',
    severity: 'error',
    scope: 'domain',
    table,
    bucket: 'year',
    reads: { [table]: (year) => [year], oko_kontoplan: (year) => [year] },
    title: { da: 'Konto uden for kontoplanen', en: 'Account outside the chart' },
    message: {
      da: 'Kontoen findes ikke i årets kontoplan. Lever kontoplanen igen med kontoen, eller ret kontoen.',
      en: 'The account is not in the chart of the year. Deliver the chart again with the account, or correct the account.',
    },
    view,
    query: accountsOutsideChart(view),
  };
});

const rowCountTexts = {
  title: { da: 'Antal rækker afviger', en: 'Row count deviates' },
  message: {
    da: 'Antallet af rækker afviger fra gennemsnittet for de tre foregående perioder. Kontrollér, om perioden er leveret helt.',
    en: 'The number of rows deviates from the mean of the three periods before. Check that the period was delivered completely.',
  },
} as const;

const rowCountRules = graded(THRESHOLDS.rowCount, ({ severity, suffix, band }) => [
  {
    ...rowCountTexts,
    id: `DQ07-maaned${suffix}`,
    severity,
    scope: 'slice',
    table: 'oko_regnskab',
    view: monthsWithinYear,
    query: rowsAgainstMean(monthsWithinYear, band),
  },
  {
    ...rowCountTexts,
    id: `DQ07-aarsskifte${suffix}`,
    severity,
    scope: 'domain',
    table: 'oko_regnskab',
    bucket: 'year',
    reads: { oko_regnskab: (year) => [shiftPeriod(year, -1), year] },
    needsEarlier: true,
    view: monthsAcrossYears,
    query: rowsAgainstMean(monthsAcrossYears, band),
  },
  {
    ...rowCountTexts,
    id: `DQ07-budget${suffix}`,
    severity,
    scope: 'domain',
    table: 'oko_budget',
    bucket: 'year',
    reads: { oko_budget: (year) => [-3, -2, -1, 0].map((count) => shiftPeriod(year, count)) },
    needsEarlier: true,
    view: budgetsAcrossYears,
    query: rowsAgainstMean(budgetsAcrossYears, band),
  },
]);

const trialBalanceRules = graded(THRESHOLDS.trialBalance, ({ severity, suffix, band }) => [
  {
    id: `DQ09${suffix}`,
    severity,
    scope: 'slice',
    table: 'oko_regnskab',
    column: 'beloeb',
    title: { da: 'Råbalancen er ikke 0', en: 'The trial balance is not 0' },
    message: {
      da: 'Periodens beløb summer ikke til 0. Kontrollér, om alle hovedkonti 0-9 er leveret, og om perioden er afstemt.',
      en: 'The amounts of the period do not add up to 0. Check that all main accounts 0-9 were delivered and the period reconciled.',
    },
    view: monthBalances,
    query: unbalancedMonths(band),
  },
]);

const unmatchedRules = graded(THRESHOLDS.unmatchedAccounts, ({ severity, suffix, band }) => [
  {
    id: `DQ14${suffix}`,
    severity,
    scope: 'domain',
    table: 'oko_regnskab',
    bucket: 'year',
    reads: { oko_regnskab: (year) => [year], oko_kontoplan: (year) => [year] },
    title: { da: 'Mange posteringer uden fast konto', en: 'Many bookings without an authorised account' },
    message: {
      da: 'For mange rækker af regnskabet står på konti uden match til den autoriserede kontoplan. Kobl kontiene til kontoplanen.',
      en: 'Too many rows of the accounts stand on accounts without match to the authorised chart. Map the accounts to the chart.',
    },
    view: bookedAccounts,
    query: unmatchedShare(bookedAccounts, band),
  },
]);

export const rules: readonly Rule[] = [
  ...referenceRules,
  ...rowCountRules,
  {
    id: 'DQ08',
    severity: 'error',
    scope: 'row',
    table: 'oko_kontoplan',
    column: 'im_match',
    title: { da: 'Konto uden match til IM-kontoplanen', en: "Account without match to the ministry's chart" },
    message: {
      da: 'Kontoen er ikke koblet til Indenrigsministeriets kontoplan. Kobl den i økonomisystemet, og lever kontoplanen igen.',
      en: "The account is not mapped to the ministry's chart. Map it in the finance system and deliver the chart again.",
    },
    violation: 'not im_match',
  },
  ...trialBalanceRules,
  ...unmatchedRules,
  {
    id: 'DQ17',
    severity: 'error',
    scope: 'row',
    table: 'oko_kontoplan',
    column: 'gyldig_til',
    title: { da: 'Slut før start', en: 'End before start' },
    message: {
      da: 'Kontoens sidste gyldige dag ligger før den første. Ret datoerne.',
      en: "The account's last valid day is before the first. Correct the dates.",
    },
    violation: 'gyldig_til < gyldig_fra',
  },
  {
    // Capital items and the operating result swing by nature: a change of a quarter says nothing about their quality.
    id: 'DQ24',
    severity: 'warning',
    scope: 'domain',
    table: 'oko_regnskab',
    column: 'beloeb',
    bucket: 'year',
    reads: {
      oko_regnskab: (year) => [shiftPeriod(year, -1), year],
      oko_kontoplan: (year) => [shiftPeriod(year, -1), year],
    },
    needsEarlier: true,
    title: { da: 'Stor ændring fra året før', en: 'Large change from last year' },
    message: {
      da: 'Nøgletallets tæller er ændret mere end 25 pct. fra samme måneder året før. Bekræft ændringen, eller ret konteringen.',
      en: 'The numerator of the key figure changed by more than 25 per cent from the same months last year. Confirm it or correct the bookings.',
    },
    query: sumsAgainstLastYear(
      [
        { id: 'OK04', condition: SERVICE, needsChart: true },
        { id: 'OK06', condition: ADMINISTRATION, needsChart: false },
        { id: 'SK11', condition: FOLKESKOLE, needsChart: false },
      ],
      { above: THRESHOLDS.lastYear.warning },
    ),
  },
  {
    // A year's figure needs 8 of 12 months; in a year under way, the same share of the months that have passed.
    id: 'DQ25',
    severity: 'error',
    scope: 'domain',
    table: 'oko_regnskab',
    column: 'periode',
    bucket: 'year',
    reads: { oko_regnskab: (year) => [year] },
    title: { da: 'Ujævn dækning', en: 'Uneven coverage' },
    message: {
      da: 'Der mangler måneder i regnskabet: under 8 af 12 er leveret, eller den samme andel af de måneder, der er gået. Lever de manglende måneder.',
      en: 'Months of the accounts are missing: fewer than 8 of 12 were delivered, or the same share of the months passed. Deliver the missing months.',
    },
    query: missingMonths(),
  },
];
