// The face of stage packages: its routes, its jobs, and what the operator runs.
export { startExpiry } from './access-requests/expire-requests.ts';
export { registerAccessRequestRoutes } from './access-requests/routes.ts';
export { type CheckPackagesDeps, checkPackages } from './check-packages.ts';
export { type PackageJobDeps, packageJobs } from './job.ts';
export { type PackageDeps, registerPackageRoutes } from './routes.ts';
export { type SweepPackagesDeps, sweepPackages } from './sweep-packages.ts';
