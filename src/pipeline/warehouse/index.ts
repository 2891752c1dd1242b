// The face of the warehouse: its routes, its jobs, and what the operator runs.
export {
  type CheckStorageDeps,
  checkStorage,
  findOrphans,
  ORPHAN_AGE_MS,
  type StorageFault,
  type StorageReport,
} from './check-storage.ts';
export { type CompareDeps, compareRevisions, type PeriodChange } from './compare-revisions.ts';
export { CHANGES_NOT_READY, SCHEMA_CHANGED } from './errors.ts';
export { type WarehouseJobDeps, warehouseJobs } from './job.ts';
export { enqueueReslices } from './reslice-domain.ts';
export { retryDelivery } from './retry-delivery.ts';
export { registerWarehouseRoutes, type WarehouseDeps } from './routes.ts';
export { insertDiffs, lockRevisions } from './store-publish.ts';
export { type SweepDeps, sweepStorage } from './sweep-storage.ts';
