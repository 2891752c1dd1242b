// The named formulas of `oekonomi`: exact sums of amounts, in kroner. Other domains import the ones they need.
// Accounts are written as key-figures.csv writes them: hf '0.22', funk '3.22.01'.
import type { Formula } from '../definition.ts';
import { budgetKorrigeret, budgetOprindeligt, regnskabAar, regnskabAarTilDato, regnskabMaaned } from './sources.ts';

/** Main accounts financed by taxes: all of operation but the utilities (1). */
const TAX_FINANCED = `hovedkonto in ('0', '2', '3', '4', '5', '6')`;
/** Main art 0, calculated costs, is no money spent. */
const NOT_CALCULATED = `left(art, 1) <> '0'`;
/** Housing for the elderly pays for itself through rents, except grouping 005, which the taxpayer carries. */
const ELDERLY_HOUSING_FROM_TAXES = `(dranst = '1' and funk = '5.32.30' and gruppering = '005')`;

/** Predicates of single accounts, which the rules about deviation from last year measure too. */
export const ADMINISTRATION = `dranst = '1' and funk between '6.45.50' and '6.45.59'`;
export const FOLKESKOLE = `dranst = '1' and funk = '3.22.01'`;
export const SERVICE = `dranst = '1' and ${TAX_FINANCED} and serviceudgift`;

/** Sum of amounts under a condition; 0 when no row meets it. */
function sumWhere(condition: string): string {
  return `coalesce(sum(beloeb) filter (where ${condition}), 0)`;
}

/** A year's sum is a value only when the year has been delivered to its end; part of a year would look like a saving. */
const wholeYear: NonNullable<Formula['missing']> = [{ reason: 'incomplete-period', when: 'max(periode) < 12' }];

/** OK01: operation, refunds, grants, taxes and interest of the tax-financed area, without land supply. */
export const skattefinansieretDriftsresultat: Formula = {
  id: 'oko.skattefinansieret-driftsresultat',
  version: 1,
  domain: 'oekonomi',
  title: {
    da: 'Skattefinansieret driftsresultat ekskl. jordforsyning',
    en: 'Tax-financed operating result excl. land supply',
  },
  source: regnskabAar,
  measure: sumWhere(`${NOT_CALCULATED} and (
    (dranst in ('1', '2') and ${TAX_FINANCED} and hf <> '0.22' and funk <> '5.32.30')
    or ${ELDERLY_HOUSING_FROM_TAXES}
    or (dranst = '7' and hf in ('7.62', '7.65', '7.68'))
    or (dranst = '4' and funk <> '7.58.77'))`),
  missing: wholeYear,
};

/** OK02: surplus of the original budget, so the sign is turned. */
export const strukturelDriftsbalance: Formula = {
  id: 'oko.strukturel-driftsbalance',
  version: 1,
  domain: 'oekonomi',
  title: { da: 'Strukturel driftsbalance, oprindeligt budget', en: 'Structural operating balance, original budget' },
  source: budgetOprindeligt,
  measure: `-${sumWhere(`${NOT_CALCULATED} and (
    (dranst in ('1', '2') and ${TAX_FINANCED} and funk <> '5.32.30'
      and not (funk = '6.52.72' and gruppering in ('001', '002')))
    or ${ELDERLY_HOUSING_FROM_TAXES}
    or hovedkonto = '7')`)}`,
};

/** OK03: gross, so only positive amounts count; 0.25.19, housing for the elderly, is not financed by taxes. */
export const bruttoanlaeg: Formula = {
  id: 'oko.skattefinansieret-bruttoanlaeg',
  version: 1,
  domain: 'oekonomi',
  title: {
    da: 'Skattefinansierede bruttoanlægsudgifter inkl. jord',
    en: 'Tax-financed gross capital expenditure incl. land',
  },
  source: regnskabAar,
  measure: sumWhere(`dranst = '3' and beloeb > 0 and ${TAX_FINANCED} and funk <> '0.25.19'`),
  missing: wholeYear,
};

/** OK04: service expenditure of a month; without a chart of the year nothing can be said. */
export const serviceudgifter: Formula = {
  id: 'oko.serviceudgifter',
  version: 1,
  domain: 'oekonomi',
  title: { da: 'Serviceudgifter i måneden', en: 'Service expenditure in the month' },
  source: regnskabMaaned,
  measure: sumWhere(SERVICE),
  missing: [{ reason: 'no-data', when: 'not bool_or(har_kontoplan)' }],
};

/** OK05, numerator: operating movements of the year to date. */
export const driftAarTilDato: Formula = {
  id: 'oko.drift.aar-til-dato',
  version: 1,
  domain: 'oekonomi',
  title: { da: 'Driftsregnskab, år til dato', en: 'Operating accounts, year to date' },
  source: regnskabAarTilDato,
  measure: 'sum(beloeb)',
};

/** OK05, denominator: the year's corrected operating budget as it stands now. */
export const korrigeretDriftsbudget: Formula = {
  id: 'oko.drift.korrigeret-budget',
  version: 1,
  domain: 'oekonomi',
  title: { da: 'Korrigeret driftsbudget for året', en: 'Corrected operating budget of the year' },
  source: budgetKorrigeret,
  measure: 'sum(beloeb)',
};

/** OK06: administration. */
export const administrationsudgifter: Formula = {
  id: 'oko.administrationsudgifter',
  version: 1,
  domain: 'oekonomi',
  title: { da: 'Administrationsudgifter, 6.45.50-6.45.59', en: 'Administration cost, 6.45.50-6.45.59' },
  source: regnskabAar,
  measure: sumWhere(ADMINISTRATION),
  missing: wholeYear,
};

/** SK11, numerator: net operating cost of the folkeskole in a calendar year. */
export const nettodriftsudgiftFolkeskole: Formula = {
  id: 'oko.nettodriftsudgift-folkeskole',
  version: 1,
  domain: 'oekonomi',
  title: { da: 'Nettodriftsudgift til folkeskoler, 3.22.01', en: 'Net operating cost of the folkeskole, 3.22.01' },
  source: regnskabAar,
  measure: sumWhere(FOLKESKOLE),
  missing: wholeYear,
};
