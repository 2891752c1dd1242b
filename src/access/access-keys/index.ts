// The face of access keys inside access.
export { announceEnds, type TellEnd } from './announce-ends.ts';
export type { AccessKeyDeps } from './manage-access-keys.ts';
export { registerAccessKeyRoutes } from './routes.ts';
export { looksLikeAccessKey, noticeOf } from './rules.ts';
export { verifyAccessKey } from './verify-access-key.ts';
