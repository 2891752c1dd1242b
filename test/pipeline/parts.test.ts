// The short form of what breaks parts of a running service; the long form is `npm run faults parts`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { breakParts } from '../faults/break-parts.ts';
import { skipWithout } from '../harness/skip-without.ts';

t.test(
  'PostgreSQL stopped at once, the api killed after an answer, Redis killed: all comes to its end by itself',
  { skip: skipWithout('redis-server') },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'flis-parts-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const { histogram, problems } = await breakParts(t, { kills: 3, seed: 20_250_801, folder });
    t.same(problems, []);
    t.same(histogram, { postgres: 1, api: 1, redis: 1 });
  },
);
