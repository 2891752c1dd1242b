// SK01: mean grade in the compulsory exams of grade 9; every pupil weighs the same.
import type { KeyFigure } from '../../definition.ts';
import { grade, grades, pupil } from '../examples.ts';
import { karaktergennemsnitElever, karaktergennemsnitSum } from '../formulas.ts';

const NINTH = { grade: 9, klasse: '9A' };

export const keyFigure: KeyFigure = {
  id: 'SK01',
  domain: 'skole',
  title: {
    da: 'Karaktergennemsnit, bundne prøver, 9. klasse',
    en: 'Exam grade average, compulsory tests, grade 9',
  },
  description: {
    da: 'Gennemsnit af elevernes gennemsnit i de 8 bundne prøver. Elever i 9. klasse med mindst 4 prøver tæller, og alle tæller lige; orden tæller ikke.',
    en: "Mean of pupils' means in the 8 compulsory exams. Pupils of grade 9 with at least 4 exams count, all alike; tidiness does not count.",
  },
  unit: { da: 'karakter', en: 'grade' },
  factor: 1,
  decimals: 2,
  direction: 'up',
  level: 'schoolYear',
  kind: 'mean',
  persons: true,
  personCount: karaktergennemsnitElever,
  minimumCell: 5,
  numerator: karaktergennemsnitSum,
  denominator: karaktergennemsnitElever,
  breakdowns: [],
  examples: [
    {
      title: { da: 'Eleverne vejer lige, uanset antal prøver', en: 'Pupils weigh the same, however many exams' },
      given: {
        sko_elev: [pupil(1, NINTH), pupil(2, NINTH)],
        sko_karakter: [...grades(1, [12, 12, 12, 12, 12, 12, 12, 12]), ...grades(2, [4, 4, 4, 7])],
      },
      period: '2024-2025',
      numerator: '16.75',
      denominator: '2',
      value: '8.38',
    },
    {
      title: {
        da: 'Med tre prøver og orden er eleven ikke med, og det er 8.-klasseeleven heller ikke',
        en: 'Three exams and tidiness are too few, and grade 8 is not counted',
      },
      given: {
        sko_elev: [pupil(1, NINTH), pupil(2, NINTH), pupil(3, { grade: 8, klasse: '8A' })],
        sko_karakter: [
          ...grades(1, [2, 4, 7, 7, 10, 7, null]),
          ...grades(2, [12, 12, 12]),
          grade(2, 'dansk', 'orden', 12),
          ...grades(3, [12, 12, 12, 12]),
        ],
      },
      period: '2024-2025',
      numerator: '6.1666666667',
      denominator: '1',
      value: '6.17',
    },
    {
      title: { da: 'En negativ sum rundes væk fra nul', en: 'A negative sum rounds away from zero' },
      given: { sko_elev: [pupil(1, NINTH)], sko_karakter: grades(1, [-3, -3, 0, 0, 0, 0, 4]) },
      period: '2024-2025',
      numerator: '-0.2857142857',
      denominator: '1',
      value: '-0.29',
    },
    {
      title: { da: 'Ingen karakterer endnu', en: 'No grades yet' },
      given: { sko_elev: [pupil(1, NINTH)], sko_karakter: [] },
      period: '2024-2025',
      numerator: null,
      denominator: null,
      value: null,
      missing: 'no-data',
    },
  ],
};
