// The 98 municipalities and the synthetic test municipality 999: code, name, region, landsdel and population.
// Facts re-expressed from: codes, names and regions from DAWA (Danmarks Adressers Web API, 17 November 2025);
// landsdel and population 2026K1 from Statistics Denmark, table FOLK1A ("Kilde: Danmarks Statistik", CC BY 4.0).
// The rows are data; what is grouped by what stands in groups.ts.
import { type MunicipalityCode, municipalityCodeOf } from '../platform/tenant.ts';

/** A municipality. `region` is the region's code, `landsdel` the name of the NUTS 3 area, `population` that of 1 January 2026. */
export interface Municipality {
  readonly code: MunicipalityCode;
  readonly name: string;
  readonly region: string;
  readonly landsdel: string;
  readonly population: number;
  /** Invented for tests and demonstrations; belongs to no group and no national figure. */
  readonly synthetic?: true;
}

const FACTS: readonly (readonly [string, string, string, string, number])[] = [
  ['101', 'København', '1084', 'Byen København', 671714],
  ['147', 'Frederiksberg', '1084', 'Byen København', 106150],
  ['151', 'Ballerup', '1084', 'Københavns omegn', 53950],
  ['153', 'Brøndby', '1084', 'Københavns omegn', 40990],
  ['155', 'Dragør', '1084', 'Byen København', 14474],
  ['157', 'Gentofte', '1084', 'Københavns omegn', 75106],
  ['159', 'Gladsaxe', '1084', 'Københavns omegn', 71185],
  ['161', 'Glostrup', '1084', 'Københavns omegn', 25834],
  ['163', 'Herlev', '1084', 'Københavns omegn', 32030],
  ['165', 'Albertslund', '1084', 'Københavns omegn', 29262],
  ['167', 'Hvidovre', '1084', 'Københavns omegn', 54228],
  ['169', 'Høje-Taastrup', '1084', 'Københavns omegn', 60458],
  ['173', 'Lyngby-Taarbæk', '1084', 'Københavns omegn', 58614],
  ['175', 'Rødovre', '1084', 'Københavns omegn', 45138],
  ['183', 'Ishøj', '1084', 'Københavns omegn', 24685],
  ['185', 'Tårnby', '1084', 'Byen København', 44214],
  ['187', 'Vallensbæk', '1084', 'Københavns omegn', 18689],
  ['190', 'Furesø', '1084', 'Nordsjælland', 42874],
  ['201', 'Allerød', '1084', 'Nordsjælland', 26496],
  ['210', 'Fredensborg', '1084', 'Nordsjælland', 42445],
  ['217', 'Helsingør', '1084', 'Nordsjælland', 64244],
  ['219', 'Hillerød', '1084', 'Nordsjælland', 55182],
  ['223', 'Hørsholm', '1084', 'Nordsjælland', 25354],
  ['230', 'Rudersdal', '1084', 'Nordsjælland', 57912],
  ['240', 'Egedal', '1084', 'Nordsjælland', 46240],
  ['250', 'Frederikssund', '1084', 'Nordsjælland', 47450],
  ['253', 'Greve', '1085', 'Østsjælland', 54120],
  ['259', 'Køge', '1085', 'Østsjælland', 63962],
  ['260', 'Halsnæs', '1084', 'Nordsjælland', 31738],
  ['265', 'Roskilde', '1085', 'Østsjælland', 92697],
  ['269', 'Solrød', '1085', 'Østsjælland', 25040],
  ['270', 'Gribskov', '1084', 'Nordsjælland', 41787],
  ['306', 'Odsherred', '1085', 'Vest- og Sydsjælland', 31988],
  ['316', 'Holbæk', '1085', 'Vest- og Sydsjælland', 75009],
  ['320', 'Faxe', '1085', 'Vest- og Sydsjælland', 38143],
  ['326', 'Kalundborg', '1085', 'Vest- og Sydsjælland', 47954],
  ['329', 'Ringsted', '1085', 'Vest- og Sydsjælland', 36010],
  ['330', 'Slagelse', '1085', 'Vest- og Sydsjælland', 80959],
  ['336', 'Stevns', '1085', 'Vest- og Sydsjælland', 23842],
  ['340', 'Sorø', '1085', 'Vest- og Sydsjælland', 30853],
  ['350', 'Lejre', '1085', 'Østsjælland', 29879],
  ['360', 'Lolland', '1085', 'Vest- og Sydsjælland', 38533],
  ['370', 'Næstved', '1085', 'Vest- og Sydsjælland', 85163],
  ['376', 'Guldborgsund', '1085', 'Vest- og Sydsjælland', 59119],
  ['390', 'Vordingborg', '1085', 'Vest- og Sydsjælland', 44831],
  ['400', 'Bornholm', '1084', 'Bornholm', 38677],
  ['410', 'Middelfart', '1083', 'Fyn', 40625],
  ['420', 'Assens', '1083', 'Fyn', 40369],
  ['430', 'Faaborg-Midtfyn', '1083', 'Fyn', 52328],
  ['440', 'Kerteminde', '1083', 'Fyn', 24299],
  ['450', 'Nyborg', '1083', 'Fyn', 32401],
  ['461', 'Odense', '1083', 'Fyn', 213168],
  ['479', 'Svendborg', '1083', 'Fyn', 60027],
  ['480', 'Nordfyns', '1083', 'Fyn', 29179],
  ['482', 'Langeland', '1083', 'Fyn', 11841],
  ['492', 'Ærø', '1083', 'Fyn', 5766],
  ['510', 'Haderslev', '1083', 'Sydjylland', 55218],
  ['530', 'Billund', '1083', 'Sydjylland', 27200],
  ['540', 'Sønderborg', '1083', 'Sydjylland', 74123],
  ['550', 'Tønder', '1083', 'Sydjylland', 36174],
  ['561', 'Esbjerg', '1083', 'Sydjylland', 114947],
  ['563', 'Fanø', '1083', 'Sydjylland', 3332],
  ['573', 'Varde', '1083', 'Sydjylland', 49468],
  ['575', 'Vejen', '1083', 'Sydjylland', 42641],
  ['580', 'Aabenraa', '1083', 'Sydjylland', 58405],
  ['607', 'Fredericia', '1083', 'Sydjylland', 52939],
  ['615', 'Horsens', '1082', 'Østjylland', 98806],
  ['621', 'Kolding', '1083', 'Sydjylland', 96214],
  ['630', 'Vejle', '1083', 'Sydjylland', 123250],
  ['657', 'Herning', '1082', 'Vestjylland', 90546],
  ['661', 'Holstebro', '1082', 'Vestjylland', 59324],
  ['665', 'Lemvig', '1082', 'Vestjylland', 18596],
  ['671', 'Struer', '1082', 'Vestjylland', 20122],
  ['706', 'Syddjurs', '1082', 'Østjylland', 44394],
  ['707', 'Norddjurs', '1082', 'Østjylland', 36477],
  ['710', 'Favrskov', '1082', 'Østjylland', 49773],
  ['727', 'Odder', '1082', 'Østjylland', 24310],
  ['730', 'Randers', '1082', 'Østjylland', 100564],
  ['740', 'Silkeborg', '1082', 'Østjylland', 102753],
  ['741', 'Samsø', '1082', 'Østjylland', 3617],
  ['746', 'Skanderborg', '1082', 'Østjylland', 66352],
  ['751', 'Aarhus', '1082', 'Østjylland', 378361],
  ['756', 'Ikast-Brande', '1082', 'Vestjylland', 43305],
  ['760', 'Ringkøbing-Skjern', '1082', 'Vestjylland', 55405],
  ['766', 'Hedensted', '1082', 'Østjylland', 48578],
  ['773', 'Morsø', '1081', 'Nordjylland', 19344],
  ['779', 'Skive', '1082', 'Vestjylland', 44104],
  ['787', 'Thisted', '1081', 'Nordjylland', 42572],
  ['791', 'Viborg', '1082', 'Vestjylland', 97874],
  ['810', 'Brønderslev', '1081', 'Nordjylland', 36529],
  ['813', 'Frederikshavn', '1081', 'Nordjylland', 57523],
  ['820', 'Vesthimmerlands', '1081', 'Nordjylland', 35632],
  ['825', 'Læsø', '1081', 'Nordjylland', 1683],
  ['840', 'Rebild', '1081', 'Nordjylland', 31280],
  ['846', 'Mariagerfjord', '1081', 'Nordjylland', 41541],
  ['849', 'Jammerbugt', '1081', 'Nordjylland', 37998],
  ['851', 'Aalborg', '1081', 'Nordjylland', 226033],
  ['860', 'Hjørring', '1081', 'Nordjylland', 62979],
];

/** The synthetic municipality: no region of the country, so that no selection by region can hold it. */
const SYNTHETIC: Municipality = {
  code: municipalityCodeOf('999'),
  name: 'Testkommunen (syntetisk)',
  region: '9999',
  landsdel: 'Syntetisk',
  population: 12_000,
  synthetic: true,
};

/** Every municipality in order of code, the synthetic one last. */
export const MUNICIPALITIES: readonly Municipality[] = [
  ...FACTS.map(([code, name, region, landsdel, population]) => ({
    code: municipalityCodeOf(code),
    name,
    region,
    landsdel,
    population,
  })),
  SYNTHETIC,
];

/** Christiansø: inside the country's code list but no municipality; the Ministry of Defence runs it. */
export const CHRISTIANSOE = '411';
