// Runs after all test files: ends the shared PostgreSQL.
import { removeTestServer } from './database.ts';

await removeTestServer();
