// The face of stage packages: its routes and its jobs.
export { type PackageJobDeps, packageJobs } from './job.ts';
export { type PackageDeps, registerPackageRoutes } from './routes.ts';
