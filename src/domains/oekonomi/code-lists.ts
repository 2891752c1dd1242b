// Code lists of the ministry's chart of accounts: hovedkonto, dranst, ejerforhold, art and budget version.
// Functions and groupings are no code lists: they are rows of oko_kontoplan and change every year.
import { type CodeList, codeList } from '../definition.ts';

export const HOVEDKONTO: CodeList = codeList('hovedkonto', { da: 'Hovedkonto', en: 'Main account' }, [
  ['0', 'Byudvikling, bolig- og miljøforanstaltninger', 'Urban development, housing and environment'],
  ['1', 'Forsyningsvirksomheder m.v.', 'Public utilities'],
  ['2', 'Transport og infrastruktur', 'Transport and infrastructure'],
  ['3', 'Undervisning og kultur', 'Education and culture'],
  ['4', 'Sundhedsområdet', 'Health'],
  ['5', 'Sociale opgaver og beskæftigelse m.v.', 'Social services and employment'],
  ['6', 'Fællesudgifter og administration m.v.', 'Joint expenditure and administration'],
  ['7', 'Renter, tilskud, udligning og skatter m.v.', 'Interest, grants, equalisation and taxes'],
  ['8', 'Balanceforskydninger', 'Balance movements'],
  ['9', 'Balance', 'Balance'],
]);

export const DRANST: CodeList = codeList('dranst', { da: 'Dranst', en: 'Nature of the account' }, [
  ['1', 'Driftsposter', 'Operating items'],
  ['2', 'Statsrefusion', 'State refunds'],
  ['3', 'Anlægsposter', 'Capital items'],
  ['4', 'Renter', 'Interest'],
  ['5', 'Balanceforskydninger', 'Balance movements'],
  ['6', 'Afdrag på lån', 'Loan instalments'],
  ['7', 'Finansiering', 'Financing'],
  ['8', 'Aktiver', 'Assets'],
  ['9', 'Passiver', 'Liabilities'],
]);

export const EJERFORHOLD: CodeList = codeList('ejerforhold', { da: 'Ejerforhold', en: 'Ownership' }, [
  ['0', 'Ikke angivet', 'Not stated'],
  ['1', 'Egne', 'Own'],
  ['2', 'Selvejende og private', 'Self-governing and private'],
  ['3', 'Andre offentlige', 'Other public'],
  ['4', 'Private leverandører uden moms', 'Private suppliers without VAT'],
]);

export const BUDGET_VERSION: CodeList = codeList('budgetversion', { da: 'Budgetversion', en: 'Budget version' }, [
  ['opr', 'Oprindeligt (vedtaget) budget', 'Original (adopted) budget'],
  ['korr', 'Korrigeret budget', 'Corrected budget'],
]);

/** Main art (first digit of an art) with its titles; 3 is not in use. */
const HOVEDART: readonly (readonly [string, string, string])[] = [
  ['0', 'Beregnede omkostninger', 'Calculated costs'],
  ['1', 'Lønninger', 'Wages'],
  ['2', 'Varekøb', 'Purchase of goods'],
  ['4', 'Tjenesteydelser m.v.', 'Services'],
  ['5', 'Tilskud og overførsler', 'Grants and transfers'],
  ['6', 'Finansudgifter', 'Financial expenditure'],
  ['7', 'Indtægter', 'Income'],
  ['8', 'Finansindtægter', 'Financial income'],
  ['9', 'Interne udgifter og indtægter', 'Internal expenditure and income'],
];

/** Arts with a title of their own. */
const ART_TITLES: Readonly<Record<string, readonly [string, string]>> = {
  '01': ['Afskrivninger', 'Depreciation'],
  '22': ['Fødevarer', 'Food'],
  '23': ['Brændsel og drivmidler', 'Fuel'],
  '26': ['Køb af jord og bygninger', 'Purchase of land and buildings'],
  '27': ['Anskaffelser', 'Acquisitions'],
  '29': ['Øvrige varekøb', 'Other goods'],
  '40': ['Tjenesteydelser uden moms', 'Services without VAT'],
  '45': ['Entreprenør- og håndværkerydelser', 'Contractors and craftsmen'],
  '46': ['Betalinger til staten', 'Payments to the state'],
  '47': ['Betalinger til kommuner', 'Payments to municipalities'],
  '48': ['Betalinger til regioner', 'Payments to regions'],
  '49': ['Øvrige tjenesteydelser', 'Other services'],
  '51': ['Tjenestemandspensioner', 'Civil servants’ pensions'],
  '52': ['Overførsler til personer', 'Transfers to persons'],
  '59': ['Øvrige tilskud og overførsler', 'Other grants and transfers'],
  '71': ['Egne huslejeindtægter', 'Own rents'],
  '72': ['Salg af produkter og ydelser', 'Sale of products and services'],
  '76': ['Betalinger fra staten', 'Payments from the state'],
  '77': ['Betalinger fra kommuner', 'Payments from municipalities'],
  '78': ['Betalinger fra regioner', 'Payments from regions'],
  '79': ['Øvrige indtægter', 'Other income'],
  '86': ['Statstilskud', 'State grants'],
  '91': ['Overførte lønninger', 'Transferred wages'],
  '92': ['Overførte varekøb', 'Transferred goods'],
  '94': ['Overførte tjenesteydelser', 'Transferred services'],
  '97': ['Interne indtægter', 'Internal income'],
};

/** Every two-digit art of a main art in use: the ministry adds arts within a main art, and an art unknown here must not stop a delivery. */
export const ART: CodeList = codeList(
  'art',
  { da: 'Art', en: 'Art' },
  HOVEDART.flatMap(([main, da, en]) =>
    Array.from({ length: 10 }, (_, digit) => {
      const code = `${main}${digit}`;
      const own = ART_TITLES[code];
      return [code, own?.[0] ?? da, own?.[1] ?? en] as const;
    }),
  ),
);
