// For `npm run migration -- --name <what>`: writes the next forward migration from the difference to the schema.
import { defineConfig } from 'drizzle-kit';

export default defineConfig({ dialect: 'postgresql', schema: './db/schema/*.ts', out: './db/migrations' });
