// One assertion is one token, however often and at once it is sent. The long form, with 10 000 replays, is `npm run replays`.
import t from 'tap';
import { replayAssertion } from '../faults/replay-assertion.ts';

const REPLAYS = 1_000;

t.test('a thousand replays at once make one token', async (t) => {
  const { answers, tokens, recorded, used } = await replayAssertion(t, REPLAYS);
  t.strictSame(answers, { '200': 1, '401 invalid-client': REPLAYS - 1 });
  t.strictSame({ tokens, recorded, used }, { tokens: 1, recorded: 1, used: 1 });
});
