// The monthly review of the audit log: read from the log, never kept.
export { registerAuditReviewRoutes } from './routes.ts';
