// Limits: how much a caller may ask, how it stands, and where that is told.
export { createLimiter, type Limiter, type RateLimits } from './create-limiter.ts';
export { RATE_LIMITED } from './errors.ts';
export { type LimitDeps, registerLimitRoutes } from './routes.ts';
