// The short form of what fills the disk under a running service; the long form is `npm run faults disk`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { fillDisk, skipWithoutDisk } from '../faults/fill-disk.ts';

t.test(
  'a full disk in an upload, in a load and when Parquet is made: all comes to its end when there is room',
  { skip: skipWithoutDisk() },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'flis-disk-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const { histogram, problems } = await fillDisk(t, { kills: 3, seed: 40, folder, failures: 1 });
    t.same(problems, []);
    t.same(histogram, { upload: 1, load: 1, parquet: 1, 'got through': 0 });
  },
);
