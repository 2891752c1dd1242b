// The accounts of the synthetic municipality: what an inhabitant costs a year on each function, believable in level and invented in detail.
// Data only; how amounts vary between municipalities and months stands in synthetic.ts.

/** Arts and their shares of a function's net amount; the shares add up to 1. */
type Mix = readonly (readonly [art: string, share: number])[];

/** An account at function level. `kr` is the net amount per inhabitant and year, income negative. */
export interface AccountTemplate {
  readonly funktion: string;
  readonly dranst: string;
  readonly gruppering: string;
  readonly kr: number;
  readonly service: boolean;
  readonly mix: Mix;
  readonly tekst: string;
}

const STAFF: Mix = [
  ['10', 0.82],
  ['29', 0.3],
  ['79', -0.12],
];
const BOUGHT: Mix = [
  ['10', 0.15],
  ['45', 0.5],
  ['49', 0.35],
];
const CARE: Mix = [
  ['10', 0.66],
  ['40', 0.2],
  ['47', 0.24],
  ['77', -0.1],
];
const only = (art: string): Mix => [[art, 1]];

type Line = readonly [funktion: string, kr: number, tekst: string];

const service = (mix: Mix, lines: readonly Line[]): AccountTemplate[] =>
  lines.map(([funktion, kr, tekst]) => ({ funktion, dranst: '1', gruppering: '000', kr, service: true, mix, tekst }));

const other = (dranst: string, art: string, lines: readonly (readonly [...Line, gruppering?: string])[]) =>
  lines.map(
    ([funktion, kr, tekst, gruppering = '000']): AccountTemplate => ({
      funktion,
      dranst,
      gruppering,
      kr,
      service: false,
      mix: only(art),
      tekst,
    }),
  );

/** Everything but the balance sheet. */
export const ACCOUNTS: readonly AccountTemplate[] = [
  ...service(STAFF, [
    ['0.32.31', 640, 'Stadion og idrætsanlæg'],
    ['0.58.95', 280, 'Redningsberedskab'],
    ['3.22.01', 7700, 'Folkeskoler'],
    ['3.22.04', 260, 'Pædagogisk psykologisk rådgivning'],
    ['3.22.05', 900, 'Skolefritidsordninger'],
    ['3.22.08', 1250, 'Kommunale specialskoler'],
    ['3.32.50', 450, 'Folkebiblioteker'],
    ['3.38.76', 260, 'Ungdomsskolevirksomhed'],
    ['4.62.82', 760, 'Kommunal genoptræning og vedligeholdelsestræning'],
    ['4.62.85', 450, 'Kommunal tandpleje'],
    ['4.62.89', 260, 'Kommunal sundhedstjeneste'],
    ['5.25.10', 1000, 'Fælles formål, dagtilbud'],
    ['5.25.11', 400, 'Dagpleje'],
    ['5.25.14', 4900, 'Daginstitutioner'],
    ['6.42.41', 130, 'Kommunalbestyrelsesmedlemmer'],
    ['6.45.51', 3350, 'Sekretariat og forvaltninger'],
    ['6.45.53', 640, 'Administration vedrørende jobcentre'],
    ['6.45.58', 480, 'Det specialiserede børneområde'],
  ]),
  ...service(BOUGHT, [
    ['0.25.10', 170, 'Fælles formål, faste ejendomme'],
    ['0.28.20', 380, 'Grønne områder og naturpladser'],
    ['0.52.89', 90, 'Øvrig planlægning, undersøgelser og tilsyn'],
    ['2.28.11', 760, 'Vejvedligeholdelse'],
    ['2.28.14', 160, 'Vintertjeneste'],
    ['2.32.31', 640, 'Busdrift'],
    ['3.35.60', 190, 'Museer'],
    ['4.62.88', 190, 'Sundhedsfremme og forebyggelse'],
    ['6.45.50', 430, 'Administrationsbygninger'],
    ['6.45.52', 1050, 'Fælles IT og telefoni'],
    ['6.48.67', 170, 'Erhvervsservice og iværksætteri'],
  ]),
  ...service(CARE, [
    ['5.28.20', 800, 'Opholdssteder for børn og unge'],
    ['5.28.21', 1150, 'Forebyggende foranstaltninger for børn og unge'],
    ['5.28.22', 900, 'Plejefamilier'],
    ['5.28.23', 700, 'Døgninstitutioner for børn og unge'],
    ['5.30.26', 5900, 'Personlig og praktisk hjælp og madservice'],
    ['5.30.27', 5500, 'Pleje og omsorg af primært ældre'],
    ['5.30.28', 1450, 'Hjemmesygepleje'],
    ['5.30.29', 950, 'Forebyggende indsats og aflastning'],
    ['5.38.38', 900, 'Personlig og praktisk hjælp til personer med handicap'],
    ['5.38.50', 1900, 'Botilbud for længerevarende ophold'],
    ['5.38.51', 950, 'Botilbud til midlertidigt ophold'],
    ['5.38.52', 2250, 'Botilbudslignende tilbud'],
    ['5.38.59', 480, 'Aktivitets- og samværstilbud'],
  ]),
  ...service(only('59'), [['3.22.10', 1000, 'Bidrag til staten for elever på private skoler']]),
  ...service(only('51'), [['6.52.70', 350, 'Løn- og barselspuljer']]),
  ...other('1', '51', [['6.52.72', 700, 'Tjenestemandspension', '001']]),
  ...other('1', '72', [
    ['0.22.01', -30, 'Jordforsyning, fælles formål'],
    ['1.38.60', -640, 'Affaldshåndtering, generel administration'],
    ['5.32.30', -380, 'Ældreboliger', '001'],
  ]),
  ...other('1', '49', [
    ['1.38.61', 610, 'Ordninger for dagrenovation og restaffald'],
    ['5.32.30', 25, 'Ældreboliger, lejetab', '005'],
  ]),
  ...other('1', '46', [['4.62.81', 3900, 'Aktivitetsbestemt medfinansiering af sundhedsvæsenet']]),
  ...other('1', '52', [
    ['5.48.66', 4600, 'Førtidspension'],
    ['5.57.71', 2500, 'Sygedagpenge'],
    ['5.57.73', 2200, 'Kontant- og uddannelseshjælp'],
    ['5.57.77', 750, 'Boligsikring'],
    ['5.57.78', 1900, 'Dagpenge til forsikrede ledige'],
    ['5.58.81', 2300, 'Løntilskud til personer i fleksjob'],
    ['5.58.82', 900, 'Ressource- og jobafklaringsforløb'],
  ]),
  ...other('2', '86', [
    ['5.48.66', -900, 'Førtidspension, refusion'],
    ['5.57.71', -700, 'Sygedagpenge, refusion'],
    ['5.57.73', -450, 'Kontant- og uddannelseshjælp, refusion'],
    ['5.58.81', -800, 'Fleksjob, refusion'],
  ]),
  ...other('3', '45', [
    ['0.22.02', 450, 'Boligformål, byggemodning'],
    ['0.25.13', 260, 'Andre faste ejendomme, anlæg'],
    ['0.25.19', 380, 'Ældreboliger, anlæg'],
    ['2.28.22', 900, 'Vejanlæg'],
    ['3.22.01', 750, 'Folkeskoler, anlæg'],
    ['5.25.14', 380, 'Daginstitutioner, anlæg'],
  ]),
  ...other('3', '72', [['0.22.03', -520, 'Erhvervsformål, salg af grunde']]),
  ...other('4', '60', [
    ['7.55.70', 310, 'Renter af langfristet gæld, Kommunekredit'],
    ['7.58.77', 60, 'Kurstab og kursgevinster'],
  ]),
  ...other('4', '80', [['7.22.05', -70, 'Renter af indskud i pengeinstitutter']]),
  ...other('7', '86', [
    ['7.62.80', -13400, 'Udligning og generelle tilskud'],
    ['7.62.86', -600, 'Særlige tilskud'],
    ['7.65.87', 15, 'Refusion af købsmoms'],
  ]),
  ...other('7', '80', [
    ['7.68.90', -52600, 'Kommunal indkomstskat'],
    ['7.68.92', -1500, 'Selskabsskat'],
    ['7.68.94', -5200, 'Grundskyld'],
    ['8.55.70', -450, 'Optagne lån, Kommunekredit'],
  ]),
  ...other('5', '69', [['8.28.14', 110, 'Forskydninger i tilgodehavender']]),
  ...other('6', '69', [['8.55.70', 950, 'Afdrag på lån, Kommunekredit']]),
];

/** Liquid assets: the other side of every booking. */
export const CASH: AccountTemplate = {
  funktion: '9.22.05',
  dranst: '8',
  gruppering: '000',
  kr: 7500,
  service: false,
  mix: only('00'),
  tekst: 'Indskud i pengeinstitutter',
};

/** The rest of the balance sheet, which only has an opening balance; equity balances it. */
export const BALANCE_SHEET: readonly AccountTemplate[] = [
  { ...CASH, funktion: '9.58.81', kr: 46000, tekst: 'Skattefinansierede aktiver, bygninger' },
  { ...CASH, funktion: '9.55.70', dranst: '9', kr: -17500, tekst: 'Langfristet gæld, Kommunekredit' },
  { ...CASH, funktion: '9.75.99', dranst: '9', kr: -36000, tekst: 'Egenkapital' },
];
