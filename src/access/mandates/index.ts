// The face of mandates inside access.
export type { MandateDeps } from './manage-mandates.ts';
export { registerMandateRoutes } from './routes.ts';
export { commonRights, type Rights } from './rules.ts';
export { findMandate, holdMandate, listActiveMandates, type Mandate } from './store.ts';
