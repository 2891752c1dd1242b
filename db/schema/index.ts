// The whole schema, one file per stage.
export * from './access.ts';
export * from './agreement.ts';
export * from './calendar.ts';
export * from './clients.ts';
export { CONTEXT_ROLE, type ContextKey, contextKeyOf, padsOf, signWith } from './context-key.ts';
export { newestMigration } from './declared.ts';
export * from './deliveries.ts';
export * from './events.ts';
export * from './intake.ts';
export * from './keyfigures.ts';
export { declaredTables, describeTables, type TableAccess, type TableKind } from './kind.ts';
export * from './mandates.ts';
export * from './packages.ts';
export * from './roles.ts';
export * from './schema-changes.ts';
export * from './tokens.ts';
export * from './warehouse.ts';
export * from './webhooks.ts';
