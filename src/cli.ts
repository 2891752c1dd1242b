// The commands: `npm run flis -- <command>`. Each is a line here and a function elsewhere; nothing is decided in this file.
import { enableCompileCache } from 'node:module';
import { ConfigError } from './config.ts';
import { codeOf } from './platform/error-code.ts';

/** Takes the words after the command; returns the process's exit status. */
type Command = (args: readonly string[]) => Promise<number>;

const COMMANDS: Record<string, readonly [does: string, load: () => Promise<Command>]> = {
  demo: [
    'bring up the whole service with synthetic data for all municipalities',
    async () => (await import('./demo/run-demo.ts')).runDemo,
  ],
  deliver: ['send a file as source deliveries', async () => (await import('./client/index.ts')).runDeliver],
  pull: ['fetch deliveries into a folder', async () => (await import('./client/index.ts')).runPull],
  migrate: ['bring the database to the current schema', async () => (await import('./operate.ts')).runMigrate],
  check: [
    'tell what would keep the api, or with `worker` the worker, from starting',
    async () => (await import('./check-start.ts')).runCheck,
  ],
  backup: ['write all rows of the database to a folder', async () => (await import('./operate.ts')).runBackup],
  restore: ['read such a folder into an empty database', async () => (await import('./operate.ts')).runRestore],
  keys: ['make a signing key for development', async () => (await import('./operate-tokens.ts')).runKeys],
  token: ['sign a token with such a key', async () => (await import('./operate-tokens.ts')).runToken],
  client: ['register a client with its public keys', async () => (await import('./operate-access.ts')).runClient],
  'revoke-signing-key': [
    'take a signing key out of use at once',
    async () => (await import('./operate-access.ts')).runRevokeSigningKey,
  ],
  fsck: ['compare rows, files and digests both ways', async () => (await import('./operate.ts')).runFsck],
  audit: [
    '`verify` the audit log against its blocks; `key` prints the public key for it',
    async () => (await import('./operate-audit.ts')).runAudit,
  ],
  sweep: ['delete files without a row older than 24 h', async () => (await import('./operate.ts')).runSweep],
  retry: ['load a failed source delivery again', async () => (await import('./operate.ts')).runRetry],
  'revoke-package': [
    'take a package back, with the reason',
    async () => (await import('./operate-packages.ts')).runRevokePackage,
  ],
  openapi: [
    'write the documents in openapi/ and db/schema/declared.json',
    async () => (await import('./write-openapi.ts')).runOpenApi,
  ],
};

// What Node compiles of a command is kept: half of the time that one takes to start.
enableCompileCache();
const [name = '', ...args] = process.argv.slice(2);
const command = COMMANDS[name];
if (command === undefined) {
  const lines = Object.entries(COMMANDS).map(([name, [does]]) => `  ${name.padEnd(20)}${does}`);
  process.stderr.write(`Usage: npm run flis -- <command>\n${lines.join('\n')}\n`);
  process.exitCode = 2;
} else {
  try {
    process.exitCode = await (await command[1]())(args);
  } catch (error) {
    // Options are the caller's own words and the configuration's faults name no values; other texts could hold a password.
    const code = codeOf(error);
    const told = error instanceof ConfigError || code.startsWith('ERR_PARSE_ARGS') ? (error as Error).message : code;
    process.stderr.write(`${name}: ${told}\n`);
    process.exitCode = 1;
  }
}
