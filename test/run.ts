// `npm test`: starts the shared PostgreSQL, runs tap over the given files (all by default), ends the server, and closes with `N passed, N failed`.
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PREPARED, prepareTestServer, removeTestServer, type TestServer } from './harness/database.ts';

/** Counts of the closing comment of a TAP stream: `# { total: 6, pass: 5, fail: 1 }`. */
const TOTALS = /^# \{ total: \d+(.*)\}$/m;

await buildTap();
const { code, output } = await runTap(process.argv.slice(2), await prepareTestServer());
await removeTestServer();
const totals = TOTALS.exec(output)?.[1] ?? '';
const count = (name: string) => Number(new RegExp(`${name}: (\\d+)`).exec(totals)?.[1] ?? 0);
const skipped = count('skip');
process.stdout.write(
  `\n${count('pass')} passed, ${count('fail')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
);
process.exitCode = code === 0 && count('pass') > 0 ? 0 : 1;

/**
 * Node runs TypeScript itself, so tap is built without its TypeScript plugin (.taprc). tap keeps what it builds in node_modules, and would build
 * only after its first run; the mark stands there too, so that a fresh install builds again.
 */
async function buildTap(): Promise<void> {
  const mark = new URL('../node_modules/.tap-is-built', import.meta.url);
  if (existsSync(mark)) return;
  const build = spawn('tap', ['build'], { stdio: ['ignore', 'ignore', 'inherit'] });
  const code = await new Promise((done) => build.on('close', done));
  if (code !== 0) throw new Error('tap could not be built');
  writeFileSync(mark, '');
}

/** tap prints its totals last, so only the end of its output is kept. What Node compiles is kept for all processes of all runs. */
function runTap(files: readonly string[], server: TestServer): Promise<{ code: number; output: string }> {
  const tap = spawn('tap', ['run', '--reporter=tap', ...files], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      [PREPARED]: JSON.stringify(server),
      NODE_COMPILE_CACHE: fileURLToPath(new URL('../node_modules/.cache/node', import.meta.url)),
    },
  });
  let output = '';
  tap.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk);
    output = (output + chunk.toString()).slice(-10_000);
  });
  return new Promise((done) => tap.on('close', (code) => done({ code: code ?? 1, output })));
}
