// Runs before all test files: the shared PostgreSQL and the migrated template are made once.
import { prepareTestServer } from './database.ts';

await prepareTestServer();
