// The face of changes of tables inside the stage.
export type { SchemaChangeDeps } from './announce-change.ts';
export { findSchemaFaults, recordSchemas } from './check-schemas.ts';
export { registerSchemaChangeRoutes } from './routes.ts';
