// All quality rules of `skole`, by the numbers of the reference; the SQL stands in the files beside this one, by subject.
import type { Rule } from '../definition.ts';
import { absenceRules } from './absence-rules.ts';
import { classRules } from './class-rules.ts';
import { examRules } from './exam-rules.ts';
import { historyRules } from './history-rules.ts';
import { pupilRules } from './pupil-rules.ts';
import { referenceRules } from './reference-rules.ts';

export const rules: readonly Rule[] = [
  ...referenceRules,
  ...historyRules,
  ...classRules,
  ...examRules,
  ...pupilRules,
  ...absenceRules,
];
