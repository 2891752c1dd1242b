#!/usr/bin/env node
// The door of the package `flis` (puller/): what `npx flis pull` runs. It loads the puller and nothing else, and runs on Node 20 as well.
import { runPull } from './pull/pull.ts';

const [command, ...args] = process.argv.slice(2);
if (command === 'pull') {
  process.exitCode = await runPull(args);
} else {
  process.stderr.write('Usage: flis pull --help\n');
  process.exitCode = 2;
}
