// The face of stage intake: its routes, opening received files again, and remembering the answers of POSTs.

export { IDEMPOTENCY_KEY_REUSED } from './errors.ts';
export {
  type InflationLimits,
  materialiseReceivedFile,
  type PlainFile,
  ReceivedFileFault,
} from './materialise-file.ts';
export { type ReceivedFile, type ReceivedFileSecrets, readReceivedFile } from './open-received-file.ts';
export type { Dialect, Encoding } from './read-header.ts';
export { type RememberedAnswer, type RememberedRequest, rememberAnswer } from './remember-answer.ts';
export { type IntakeDeps, registerIntakeRoutes } from './routes.ts';
export { type Span, tellsMonth } from './rules.ts';
export { idempotencyHeaders } from './schemas.ts';
export { type SweptIntake, sweepIntake } from './sweep-intake.ts';
