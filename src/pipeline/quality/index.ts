// The face of quality: reading and checking a source file, checking the state that would follow from it.
export { checkState, type RuleOutcome } from './check-state.ts';
export { isPossibleCpr, pseudonymKeyOf, pseudonymOf } from './derive-pseudonym.ts';
export { readSourceTable, type SourceReading, type SourceTable, type StagedRows } from './read-source-table.ts';
export {
  EXAMPLES_PER_RULE,
  type Finding,
  type FindingCount,
  type Findings,
  hasStop,
  joinFindings,
  NO_FINDINGS,
  STRUCTURE_RULES,
  type StructureRule,
  structureFinding,
} from './rules.ts';
export { monthsPredicate, periodPredicate, periodSql } from './store-checks.ts';
export type { SourceFile } from './store-source.ts';
