// The short forms of what fills the disks under a running service; the long ones are `npm run faults disk` and `npm run faults database`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { fillDatabase } from '../faults/fill-database.ts';
import { fillDisk } from '../faults/fill-disk.ts';
import { skipWithoutDisk } from '../faults/small-disk.ts';

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

t.test(
  'a full disk under PostgreSQL: it ends, and all comes to its end when there is room',
  { skip: skipWithoutDisk() },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'flis-database-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const { histogram, problems } = await fillDatabase(t, { kills: 1, seed: 9, folder });
    t.same(problems, []);
    t.same(histogram['noticed nothing'], 0);
  },
);
