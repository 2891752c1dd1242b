// SK11: net operating cost of the folkeskole per pupil; joins a formula of `oekonomi` with one of `skole`.
import type { KeyFigure } from '../../definition.ts';
import { balance } from '../../oekonomi/examples.ts';
import { nettodriftsudgiftFolkeskole } from '../../oekonomi/formulas.ts';
import { INSTITUTIONS, PRIVATSKOLE, pupils, schoolDays } from '../examples.ts';
import { folkeskoleeleverAarsgennemsnit } from '../formulas.ts';

export const keyFigure: KeyFigure = {
  id: 'SK11',
  domain: 'skole',
  title: { da: 'Nettodriftsudgift pr. elev', en: 'Net operating cost per pupil' },
  description: {
    da: 'Nettodriftsudgift på 3.22.01 Folkeskoler i regnskabsåret pr. elev på folkeskoler, gennemsnit af årets tælledage.',
    en: 'Net operating cost on 3.22.01 in the financial year per pupil of the folkeskole, mean over the count dates of the year.',
  },
  unit: { da: 'kr.', en: 'DKK' },
  factor: 1,
  decimals: 0,
  direction: 'neutral',
  level: 'year',
  kind: 'rate',
  persons: false,
  minimumCell: 0,
  numerator: nettodriftsudgiftFolkeskole,
  denominator: folkeskoleeleverAarsgennemsnit,
  breakdowns: [],
  examples: [
    {
      title: {
        da: 'Gennemsnit over to skoleår og kun tælledage i året',
        en: 'Mean across two school years, count dates of the year only',
      },
      given: {
        oko_regnskab: [balance('3.22.01', '1200000.00'), balance('3.22.01', '-100000.00', { art: '71' })],
        sko_institution: INSTITUTIONS,
        sko_elev: [
          ...pupils(1, 9, { year: '2023-2024', to: '2024-02-29' }),
          ...pupils(11, 12),
          ...pupils(31, 5, { institution: PRIVATSKOLE }),
        ],
        sko_skoledag: schoolDays(['2024-02-28', '2024-08-12']),
      },
      period: '2024',
      numerator: '1100000',
      denominator: '10',
      value: '110000',
    },
    {
      title: { da: 'Et gennemsnit, der ikke går op', en: 'A mean that does not come out even' },
      given: {
        oko_regnskab: [balance('3.22.01', '1000000.00')],
        sko_institution: INSTITUTIONS,
        sko_elev: [...pupils(1, 10), ...pupils(11, 1, { from: '2024-09-01' })],
        sko_skoledag: schoolDays(['2024-10-01']),
      },
      period: '2024',
      numerator: '1000000',
      denominator: '10.6666666667',
      value: '93750',
    },
    {
      title: { da: 'Regnskab uden elever', en: 'Accounts without pupils' },
      given: {
        oko_regnskab: [balance('3.22.01', '1000000.00')],
        sko_institution: INSTITUTIONS,
        sko_elev: [],
        sko_skoledag: [],
      },
      period: '2024',
      numerator: '1000000',
      denominator: null,
      value: null,
      missing: 'no-data',
    },
  ],
};
