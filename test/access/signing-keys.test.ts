// The service's signing keys over time: one signs at any moment, it was published before, and what it signed is taken until its last token is gone.
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { jwtVerify, SignJWT } from 'jose';
import pg from 'pg';
import t from 'tap';
import { createKeyRing, keepKeysFresh, revokeSigningKey } from '../../src/access/tokens/index.ts';
import { type KeyTimes, nextKeyAt, publishedKeysAt, signingKeyAt, spentKeysAt } from '../../src/access/tokens/rules.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { seal, unseal } from '../../src/platform/sealed.ts';
import { createTestDatabase, TEST_CONTEXT } from '../harness/database.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);

t.test('a simulated year of upkeep, with gaps and revocations', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ minutes: fc.integer({ min: 1, max: 3000 }), revoke: fc.integer({ min: 0, max: 60 }) }), {
        minLength: 100,
        maxLength: 300,
      }),
      (steps) => {
        let keys: KeyTimes[] = [];
        let now = START;
        const signedUntil = new Map<string, number>();
        for (const { minutes, revoke } of steps) {
          const at = new Date(now);
          if (revoke === 0) {
            const signer = signingKeyAt(keys, at);
            keys = keys.map((key) => (key === signer ? { ...key, revokedAt: at } : key));
            if (signer !== undefined) signedUntil.delete(signer.keyId);
          }
          const spent = spentKeysAt(keys, at);
          keys = keys.filter((key) => !spent.includes(key));
          const usedFrom = nextKeyAt(keys, at);
          if (usedFrom !== undefined) keys.push({ keyId: `k${now}`, usedFrom, revokedAt: null });
          const end = now + minutes * MINUTE;
          // Every ten minutes until the next upkeep, somebody asks for a token.
          for (; now < end; now += 10 * MINUTE) {
            const published = publishedKeysAt(keys, new Date(now)).map(({ keyId }) => keyId);
            const signer = signingKeyAt(keys, new Date(now));
            if (signer === undefined || !published.includes(signer.keyId)) return false;
            for (const [keyId, until] of signedUntil) if (until > now && !published.includes(keyId)) return false;
            signedUntil.set(signer.keyId, now + 5 * MINUTE);
            if (now - signer.usedFrom.getTime() > 33 * 24 * 60 * MINUTE) return false;
          }
          now = end;
        }
        return keys.filter(({ revokedAt }) => revokedAt === null).length <= 3;
      },
    ),
    { numRuns: 20 },
  );
});

t.test('a key that was made while a clock ran ahead keeps nobody from making the next one', async (t) => {
  const day = (days: number) => new Date(START + days * 24 * 60 * MINUTE);
  const keys: KeyTimes[] = [
    { keyId: 'now', usedFrom: day(0), revokedAt: null },
    { keyId: 'ahead', usedFrom: day(1000), revokedAt: null },
  ];
  t.equal(nextKeyAt(keys, day(1)), undefined);
  const usedFrom = nextKeyAt(keys, day(30));
  t.ok(usedFrom !== undefined && usedFrom < day(31));
  t.equal(nextKeyAt([...keys, { keyId: 'next', usedFrom: usedFrom ?? day(0), revokedAt: null }], day(30)), undefined);
});

t.test('what is sealed opens for its purpose and name alone', async (t) => {
  const secret = randomBytes(32);
  const sealed = seal(secret, 'signing-key', 'k1', Buffer.from('private'));
  t.equal(unseal(secret, 'signing-key', 'k1', sealed).toString(), 'private');
  t.throws(() => unseal(randomBytes(32), 'signing-key', 'k1', sealed));
  t.throws(() => unseal(secret, 'webhook', 'k1', sealed));
  t.throws(() => unseal(secret, 'signing-key', 'k2', sealed));
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    t.throws(() => unseal(secret, 'signing-key', 'k1', changed), `byte ${at}`);
  }
});

t.test('keys in the database', async (t) => {
  const database = await createTestDatabase(t);
  const settings = { max: 4, statementTimeout: 10_000, applicationName: 'test', context: TEST_CONTEXT };
  const worker = createPool({ ...settings, url: database.workerUrl });
  const api = createPool({ ...settings, url: database.apiUrl });
  t.teardown(() => Promise.all([worker.end(), api.end()]));
  const secrets = { rootSecret: randomBytes(32) };
  const deps = { pool: worker, secrets, clock: () => new Date() };
  const made = await Promise.all(Array.from({ length: 8 }, () => keepKeysFresh(deps)));
  t.equal(
    made.reduce((sum, count) => sum + count, 0),
    1,
    'any number of workers make one',
  );
  let revocations = 0;
  const ring = createKeyRing({ pool: api, secrets }, () => {
    revocations += 1;
  });
  t.teardown(() => ring.stop());
  t.equal(await ring.signer(), undefined, 'nothing before it was read');
  await ring.reload();
  const first = await ring.signer();
  if (first === undefined) throw new Error('no key signs');
  const [jwk] = ring.published();
  const token = await new SignJWT({}).setProtectedHeader({ alg: 'EdDSA' }).sign(first.key);
  t.ok(await jwtVerify(token, jwk as never), 'the secret and the public key belong together');

  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());
  const { rows } = await owner.query('select sealed from signing_key');
  t.notOk(rows[0].sealed.toString('latin1').includes('"d"'), 'the private key is not readable');
  await t.rejects(
    api.query(`insert into signing_key (key_id, public_jwk, sealed, used_from) values ('x', '{}', '', now())`),
    {
      code: '42501',
    },
  );

  await owner.query(`update signing_key set used_from = now() - interval '30 days'`);
  t.equal(await keepKeysFresh(deps), 1);
  t.equal(await keepKeysFresh(deps), 0);
  await ring.reload();
  t.equal(ring.published().length, 2, 'the next one is published before it signs');
  t.equal((await ring.signer())?.keyId, first.keyId);
  await owner.query(`update signing_key set used_from = now() where key_id <> $1`, [first.keyId]);
  await ring.reload();
  t.not((await ring.signer())?.keyId, first.keyId);
  t.equal(ring.published().length, 2, 'tokens of the old one are still taken');
  await owner.query(`update signing_key set used_from = now() - interval '7 minutes' where key_id <> $1`, [
    first.keyId,
  ]);
  await keepKeysFresh(deps);
  await ring.reload();
  t.equal(ring.published().length, 1);
  t.equal((await owner.query('select 1 from signing_key')).rowCount, 1, 'and then it is gone');

  const second = (await ring.signer())?.keyId ?? '';
  revocations = 0;
  t.equal(await revokeSigningKey(deps, second, 'operator'), true);
  t.equal(await revokeSigningKey(deps, second, 'operator'), false);
  await ring.reload();
  t.equal(revocations, 1, 'whoever remembers its tokens is told');
  t.ok((await ring.signer())?.keyId);
  t.not((await ring.signer())?.keyId, second, 'another one signs at once');
  t.notOk(ring.published().some(({ kid }) => kid === second));
});
