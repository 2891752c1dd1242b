// The face of stage packages: its routes, its jobs, and what the operator runs.
export { registerAccessRequestRoutes } from './access-requests/routes.ts';
export { type BuildDeps, buildPackage } from './build-package.ts';
export { buildParquet } from './build-parquet.ts';
export { type CheckPackagesDeps, checkPackages } from './check-packages.ts';
export { findOrAddPackage } from './create-package.ts';
export { PACKAGE_EXPIRED, PACKAGE_REVOKED, SchemaChanged } from './errors.ts';
export { fileErrors, type SendFileDeps, sendPackageFile } from './files/routes.ts';
export { type PackageJobDeps, packageJobs } from './job.ts';
export { refuseGone } from './open-file.ts';
export { presentRevocation } from './present-package.ts';
export { type PackageDeps, registerPackageRoutes } from './routes.ts';
export { isDeclared } from './rules.ts';
export { startExpiry } from './run-expiry.ts';
export { fileHeaders, revocationField } from './schemas.ts';
export { fileAnswers } from './schemas-files.ts';
export {
  type DataPackage,
  failPackage,
  findPackage,
  findRevisionTime,
  keepPackage,
  revokePackage,
} from './store.ts';
export { findFile, listFiles, type PackageFile } from './store-files.ts';
export { type SweepPackagesDeps, sweepPackages } from './sweep-packages.ts';
