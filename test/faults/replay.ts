// The long form of the replay test, run by hand: `npm run replays [count]`. Prints what came back and how long it took.
import { removeTestServer } from '../harness/database.ts';
import { replayAssertion } from './replay-assertion.ts';

const count = Number(process.argv[2] ?? 10_000);
const teardowns: (() => unknown)[] = [];
const { answers, tokens, recorded, used, seconds } = await replayAssertion(
  { teardown: (fn) => void teardowns.unshift(fn) },
  count,
);
process.stdout.write(`${count} replays of one assertion in ${seconds.toFixed(1)} s: ${JSON.stringify(answers)}\n`);
process.stdout.write(`${tokens} token, ${recorded} row of the audit log, ${used} used assertion\n`);
for (const teardown of teardowns) await teardown();
await removeTestServer();
process.exitCode = tokens === 1 && recorded === 1 && used === 1 ? 0 : 1;
