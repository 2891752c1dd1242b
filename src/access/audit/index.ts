// The audit log: who did what. Written in the transaction that it tells of, sealed by the worker, verified by anybody, read by its municipality.
export { checkBlocks } from './check-blocks.ts';
export { readBackup } from './read-backup.ts';
export { createTransferLog, type Transfer, type TransferLog } from './record-transfers.ts';
export { registerAuditRoutes } from './routes.ts';
export { type SealDeps, sealEntries, startSealing } from './seal-entries.ts';
export { deriveBlockKey, type PublicBlockKey, publicBlockKeys, readPublicKeys } from './sign-block.ts';
export { type AuditObject, writeAudit, writeOperatorAudit } from './store.ts';
export { withSnapshot } from './store-snapshot.ts';
export { type LoggedTransfer, listTransferred, listTransfers } from './store-transfers.ts';
export { type LogReport, type LogSource, listBlockFiles, verifyLog } from './verify-log.ts';
