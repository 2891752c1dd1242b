// DQ07 for every table: a slice that holds far fewer rows than the one it replaces. Row counts are known of every slice, so nothing is read.
// Growth is no fault here: a year under way grows with each delivery.
import type { Severity, Text } from '../../domains/definition.ts';
import type { Finding } from './rules.ts';

/** A changed slice; `replaced` is the number of rows of the slice whose place it takes, if there was one. */
export interface ChangedSlice {
  readonly table: string;
  readonly period: string;
  readonly rows: number;
  readonly replaced?: number;
}

/** Below this, a few rows less are more than 20 % and say nothing; a slice that becomes empty is always reported. */
const LEAST_ROWS = 10;

const RULES = [
  {
    rule: 'DQ07-erstattet-20',
    severity: 'warning',
    isBroken: (lost: number, of: number) => lost * 5 > of && lost * 2 <= of,
  },
  { rule: 'DQ07-erstattet-50', severity: 'error', isBroken: (lost: number, of: number) => lost * 2 > of },
] as const satisfies readonly { rule: string; severity: Severity; isBroken: (lost: number, of: number) => boolean }[];

const MESSAGES: Readonly<Record<(typeof RULES)[number]['rule'], Text>> = {
  'DQ07-erstattet-20': {
    da: 'Perioden har mere end 20 pct. færre rækker end det indhold, den erstatter. Kontrollér, at leverancen er fuldstændig.',
    en: 'The period has over 20 per cent fewer rows than the content it replaces. Check that the delivery is complete.',
  },
  'DQ07-erstattet-50': {
    da: 'Perioden har mere end 50 pct. færre rækker end det indhold, den erstatter. Lever perioden igen, eller hent den tidligere revision frem.',
    en: 'The period has over 50 per cent fewer rows than the content it replaces. Deliver the period again, or restore the earlier revision.',
  },
};

/** What both rules say of every slice that replaces another: `count` is 1 where it is broken, else 0. */
export function compareReplaced(changed: readonly ChangedSlice[]) {
  return changed.flatMap(({ table, period, rows, replaced }) => {
    if (replaced === undefined) return [];
    const isJudged = replaced >= LEAST_ROWS || (replaced > 0 && rows === 0);
    return RULES.map(({ rule, severity, isBroken }) => {
      const count = isJudged && isBroken(replaced - rows, replaced) ? 1 : 0;
      const { da, en } = MESSAGES[rule];
      const example: Finding = {
        rule,
        severity,
        table,
        period,
        row: null,
        column: null,
        reference: null,
        message: { da: `${da} ${rows} mod ${replaced}`, en: `${en} ${rows} against ${replaced}` },
      };
      return { outcome: { rule, table, period, severity, count }, example };
    });
  });
}
