// Turns key figures into their wire shape; formulas are shown as the SQL that says exactly what is computed.
import type { Static } from 'typebox';
import type { Formula, KeyFigure, WorkedExample } from '../domains/definition.ts';
import { type Language, plainSql } from './describe-domain.ts';
import { describeCodeList } from './describe-table.ts';
import type { keyFigureListSchema, keyFigureSchema } from './schemas-key-figures.ts';

type KeyFigureSummary = Static<typeof keyFigureListSchema>['items'][number];
type WholeKeyFigure = Static<typeof keyFigureSchema>;

const NOTHING_SUPPRESSED = { da: 'Intet diskretioneres.', en: 'Nothing is suppressed.' };

export function summariseKeyFigure(keyFigure: KeyFigure, language: Language): KeyFigureSummary {
  return {
    id: keyFigure.id,
    flisReference: keyFigure.flisReference ?? null,
    domain: keyFigure.domain,
    title: keyFigure.title[language],
    description: keyFigure.description[language],
    unit: keyFigure.unit[language],
    factor: keyFigure.factor,
    decimals: keyFigure.decimals,
    direction: keyFigure.direction,
    level: keyFigure.level,
    kind: keyFigure.kind,
    breakdowns: keyFigure.breakdowns.map(({ column, title, codes }) => ({
      column,
      title: title[language],
      codeList: codes === undefined ? null : describeCodeList(codes, language),
    })),
  };
}

export function describeKeyFigure(keyFigure: KeyFigure, language: Language): WholeKeyFigure {
  const { numerator, denominator, minimumCell } = keyFigure;
  return {
    ...summariseKeyFigure(keyFigure, language),
    numerator: describeFormula(numerator, language),
    denominator: denominator === null ? null : describeFormula(denominator, language),
    suppression: { minimumCell, explanation: explainSuppression(keyFigure)[language] },
    examples: keyFigure.examples.map((example) => describeExample(example, language)),
  };
}

function describeFormula(formula: Formula, language: Language): WholeKeyFigure['numerator'] {
  const { source, measure } = formula;
  return {
    id: formula.id,
    version: formula.version,
    domain: formula.domain,
    title: formula.title[language],
    tables: Object.keys(source.reads),
    sql: plainSql(`select period, ${measure} as value from (${source.sql}) group by period`),
    missing: (formula.missing ?? []).map(({ reason, when }) => ({ reason, when: plainSql(when) })),
  };
}

function explainSuppression({ minimumCell, kind, personCount }: KeyFigure) {
  if (minimumCell === 0) return NOTHING_SUPPRESSED;
  const isShare = kind === 'share';
  const where = {
    da: personCount
      ? `bag den (${personCount.title.da})`
      : `i tæller${isShare ? ', nævner eller deres forskel' : ' eller nævner'}`,
    en: personCount
      ? `behind it (${personCount.title.en})`
      : `in the numerator${isShare ? ', the denominator or their difference' : ' or the denominator'}`,
  };
  const last = minimumCell - 1;
  return {
    da: `En værdi offentliggøres ikke, når der er 1-${last} personer ${where.da}, eller når den ellers kunne regnes ud af andre offentliggjorte værdier.`,
    en: `A value is not published when there are 1–${last} persons ${where.en}, or when it could otherwise be worked out from other published values.`,
  };
}

function describeExample(example: WorkedExample, language: Language): WholeKeyFigure['examples'][number] {
  const given = Object.entries(example.given).map(([table, rows]) => [table, rows.map((row) => ({ ...row }))]);
  return {
    title: example.title[language],
    given: Object.fromEntries(given),
    period: example.period,
    breakdown: example.breakdown ?? null,
    numerator: example.numerator,
    denominator: example.denominator,
    value: example.value,
    missing: example.missing ?? null,
  };
}
