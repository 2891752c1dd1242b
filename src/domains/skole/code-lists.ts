// The code lists of the domain `skole`. Dates are those on which the law or the register changed;
// a code without dates has been there as long as the data.
import { type Code, type CodeList, codeList } from '../definition.ts';

/** A code that the law or the register brought in (`gyldigFra`) or took away (`gyldigTil`). */
function dated(code: string, da: string, en: string, dates: Pick<Code, 'gyldigFra' | 'gyldigTil'> = {}): Code {
  return { code, title: { da, en }, ...dates };
}

/** Sex as the CPR number tells it. */
export const KOEN: CodeList = codeList('koen', { da: 'Køn', en: 'Sex' }, [
  ['K', 'Kvinde', 'Female'],
  ['M', 'Mand', 'Male'],
]);

/** How a pupil is taught; `9` is the open answer that rule DQ14 watches. */
export const ELEVTYPE: CodeList = codeList('elevtype', { da: 'Elevtype', en: 'Kind of pupil' }, [
  ['1', 'Elev', 'Pupil'],
  ['2', 'Elev i sygehusundervisning', 'Pupil taught in hospital'],
  ['3', 'Elev i enkeltmandsundervisning', 'Pupil taught alone'],
  ['9', 'Andet eller uoplyst', 'Other or not stated'],
]);

/** The systems that pupils are registered in. */
export const PRODUKTIONSSYSTEM: CodeList = codeList(
  'produktionssystem',
  { da: 'Produktionssystem', en: 'Production system' },
  [
    ['kmd-educa', 'KMD Educa', 'KMD Educa'],
    ['ist-tea', 'IST TEA (Tabulex)', 'IST TEA (Tabulex)'],
    ['stil', 'STIL', 'STIL'],
  ],
);

/** Kinds of class. 40 and 41 are normal classes; only 40 has one grade. */
export const KLASSETYPE: CodeList = {
  id: 'klassetype',
  title: { da: 'Klassetype', en: 'Kind of class' },
  codes: [
    dated('40', 'Normalklasse, fuldt årgangsdelt', 'Normal class, one grade'),
    dated('41', 'Normalklasse, ikke fuldt årgangsdelt', 'Normal class, several grades'),
    dated('45', '20/20-ordning', '20/20 scheme'),
    dated('46', 'EUD 10', 'EUD 10', { gyldigFra: '2015-08-01' }),
    dated('50', 'Specialklasse', 'Special class'),
    dated('54', 'Modtagelsesklasse', 'Reception class'),
    dated('55', 'Klasse for ældre tosprogede', 'Class for older bilingual pupils'),
  ],
};

/** Grade of a class; `blandet` when it holds several. */
export const KLASSETRIN: CodeList = codeList('klassetrin', { da: 'Klassetrin', en: 'Grade' }, [
  ...Array.from({ length: 11 }, (_, grade) => [String(grade), `${grade}. klasse`, `Grade ${grade}`] as const),
  ['blandet', 'Flere klassetrin', 'Several grades'],
]);

/** Kinds of institution in the register of institutions. */
export const INSTITUTIONSTYPE: CodeList = {
  id: 'institutionstype',
  title: { da: 'Institutionstype', en: 'Kind of institution' },
  codes: [
    dated('1010', 'Efterskole', 'Continuation school'),
    dated('1011', 'Efterskole med samlet særligt tilbud', 'Continuation school for special needs'),
    dated('1012', 'Folkeskole', 'Municipal school'),
    dated('1013', 'Fri- og privatskole', 'Private school'),
    dated('1014', 'Kommunal ungdomsskole', 'Municipal youth school'),
    dated('1015', 'Specialskole for børn', 'Special school for children'),
    dated('1016', 'Dagbehandlingstilbud og behandlingshjem', 'Day treatment and treatment home'),
    dated('1017', 'International skole', 'International school'),
    dated('1018', 'Kommunal international skole', 'Municipal international school'),
    dated('1022', 'Folkehøjskole', 'Folk high school'),
    dated('1023', 'Fri fagskole', 'Free vocational school'),
    dated('1025', 'Produktionsskole', 'Production school', { gyldigTil: '2019-07-31' }),
    // The register has these too; the sources of this domain do not say what they are called.
    dated('1026', 'Anden institutionstype (1026)', 'Other kind of institution (1026)'),
    dated('1051', 'Anden institutionstype (1051)', 'Other kind of institution (1051)'),
    dated('1071', 'Anden institutionstype (1071)', 'Other kind of institution (1071)'),
    dated('1081', 'Anden institutionstype (1081)', 'Other kind of institution (1081)'),
    dated('2021', 'PPR-center', 'Educational psychology centre'),
    dated('3001', 'Specialpædagogisk tilbud (3001)', 'Special needs institution (3001)'),
    dated('3002', 'Specialpædagogisk tilbud (3002)', 'Special needs institution (3002)'),
  ],
};

/** Who owns an institution. */
export const EJERKODE: CodeList = codeList('ejerkode', { da: 'Ejerkode', en: 'Ownership' }, [
  ['2', 'Kommunal', 'Municipal'],
  ['4', 'Selvejende, ikke kommunal', 'Self-governing, not municipal'],
  ['6', 'Selvejende kommunal', 'Self-governing municipal'],
  ['7', 'Regional', 'Regional'],
  ['8', 'Selvejende regional', 'Self-governing regional'],
]);

/** The older division of schools; 115 is left out of the number of schools. */
export const SKOLETYPE: CodeList = codeList('skoletype', { da: 'Skoletype', en: 'Type of school' }, [
  ['10', 'Almindelig skole', 'Ordinary school'],
  ['20', 'Specialskole', 'Special school'],
  ['30', 'Fri- og privatskole', 'Private school'],
  ['40', 'Efterskole', 'Continuation school'],
  ['115', 'Tælles ikke som skole', 'Not counted as a school'],
]);

/** School subjects of exam grades. */
export const FAG: CodeList = {
  id: 'fag',
  title: { da: 'Fag', en: 'Subject' },
  codes: [
    dated('dansk', 'Dansk', 'Danish'),
    dated('engelsk', 'Engelsk', 'English'),
    dated('tysk', 'Tysk', 'German'),
    dated('fransk', 'Fransk', 'French'),
    dated('matematik', 'Matematik', 'Mathematics'),
    dated('fysik-kemi', 'Fysik/kemi', 'Physics and chemistry'),
    dated('naturfag', 'Fælles naturfag (fysik/kemi, biologi, geografi)', 'Joint science exam', {
      gyldigFra: '2016-08-01',
    }),
    dated('biologi', 'Biologi', 'Biology'),
    dated('geografi', 'Geografi', 'Geography'),
    dated('historie', 'Historie', 'History'),
    dated('samfundsfag', 'Samfundsfag', 'Social studies'),
    dated('kristendom', 'Kristendomskundskab', 'Religious studies'),
    dated('idraet', 'Idræt', 'Physical education', { gyldigFra: '2014-08-01' }),
    dated('praktisk-musisk', 'Praktisk/musisk valgfag', 'Practical or musical option'),
  ],
};

/** Form of the exam within a subject. */
export const PROEVEFORM: CodeList = codeList('proeveform', { da: 'Prøveform', en: 'Form of exam' }, [
  ['laesning', 'Læsning', 'Reading'],
  ['retskrivning', 'Retskrivning', 'Spelling'],
  ['skriftlig', 'Skriftlig fremstilling', 'Writing'],
  ['mundtlig', 'Mundtlig', 'Oral'],
  ['praktisk', 'Praktisk/mundtlig', 'Practical and oral'],
  ['problemloesning', 'Problemløsning (med hjælpemidler)', 'Problem solving (with aids)'],
  ['faerdigheder', 'Færdigheder (uden hjælpemidler)', 'Skills (without aids)'],
  ['orden', 'Orden', 'Tidiness'],
]);

/** The exam; the names changed with the school reform of 2014. */
export const EKSAMENSTYPE: CodeList = {
  id: 'eksamenstype',
  title: { da: 'Eksamenstype', en: 'Exam' },
  codes: [
    dated('FSA', 'Folkeskolens afgangsprøve', 'Leaving exam, grade 9', { gyldigTil: '2014-07-31' }),
    dated('FS10', 'Folkeskolens 10.-klasseprøve', 'Exam, grade 10', { gyldigTil: '2014-07-31' }),
    dated('FP9', 'Folkeskolens prøver, 9. klasse', 'Exam, grade 9', { gyldigFra: '2014-08-01' }),
    dated('FP10', 'Folkeskolens prøver, 10. klasse', 'Exam, grade 10', { gyldigFra: '2014-08-01' }),
  ],
};

/** What a grade was given for. */
export const KARAKTERART: CodeList = codeList('karakterart', { da: 'Karakterart', en: 'Kind of grade' }, [
  ['proeve', 'Prøvekarakter', 'Exam grade'],
  ['aarskarakter', 'Årskarakter', 'Grade for the year'],
  ['standpunkt', 'Standpunktskarakter', 'Term grade'],
]);

/** Why a grade is missing. */
export const KARAKTERAARSAG: CodeList = codeList(
  'karakteraarsag',
  { da: 'Årsag til manglende karakter', en: 'Reason for a missing grade' },
  [
    ['sygdom', 'Sygdom', 'Illness'],
    ['fritaget', 'Fritaget', 'Exempt'],
    ['udeblevet', 'Udeblevet', 'Did not appear'],
  ],
);

/** Kinds of absence. */
export const FRAVAERSTYPE: CodeList = codeList('fravaerstype', { da: 'Fraværstype', en: 'Kind of absence' }, [
  ['sygdom', 'Sygdom', 'Illness'],
  ['lovligt', 'Lovligt fravær (ekstraordinær frihed)', 'Permitted absence'],
  ['ulovligt', 'Ulovligt fravær', 'Unpermitted absence'],
]);
