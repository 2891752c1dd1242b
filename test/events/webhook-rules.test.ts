// The arithmetic of webhooks: when is tried again, which addresses are public, what is signed how, which urls are taken.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import t from 'tap';
import {
  longestWait,
  newSecret,
  RETRY_SPAN,
  readWebhookUrl,
  repeatsChallenge,
  signedHeaders,
  waitAfter,
} from '../../src/events/webhooks/rules.ts';
import { isPublicAddress, SPECIAL_IPV4, SPECIAL_IPV6 } from '../../src/events/webhooks/rules-addresses.ts';
import { skipWithout } from '../harness/skip-without.ts';

const HOUR = 3_600_000;
const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

t.test('retries: full jitter within bounds, 75 hours in all, and then the end', async (t) => {
  t.same([1, 2, 3, 9, 10, 40].map(longestWait), [10e3, 30e3, 90e3, 12 * HOUR, 12 * HOUR, 12 * HOUR]);
  let most = 0;
  fc.assert(
    fc.property(fc.infiniteStream(fraction), fc.integer({ min: 0, max: 12_000 }), (randoms, duration) => {
      let elapsed = 0;
      let attempts = 1;
      let waited = 0;
      for (const random of randoms) {
        elapsed += duration;
        const wait = waitAfter(attempts, elapsed, random);
        if (wait === undefined) break;
        if (wait < 0 || wait > longestWait(attempts)) return false;
        if (wait !== random * longestWait(attempts) && elapsed + wait !== RETRY_SPAN) return false;
        elapsed += wait;
        waited += wait;
        attempts += 1;
        // Nothing but waits of nothing: no receiver answers in no time, and no draw is 0 for ever.
        if (attempts > 100_000) return true;
      }
      most = Math.max(most, attempts);
      // The last attempt stands at the end of the span, so that a receiver that was away for less gets it.
      return waited <= RETRY_SPAN && elapsed >= RETRY_SPAN && elapsed <= RETRY_SPAN + duration;
    }),
  );
  t.ok(most > 10, `up to ${most} attempts`);
  t.equal(
    waitAfter(9, 1000 * RETRY_SPAN, 0.5),
    0.5 * longestWait(9),
    'a clock that jumps ends nothing after a few attempts',
  );
  t.equal(waitAfter(10, RETRY_SPAN, 0.5), undefined);
});

/** The bits of an address by arithmetic of its own. */
function bitsOf(address: string): string {
  const toBits = (number: number, width: number) => number.toString(2).padStart(width, '0');
  if (isIP(address) === 4)
    return address
      .split('.')
      .map((part) => toBits(Number(part), 8))
      .join('');
  const [left = '', right] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(left), groups(right ?? '')];
  const zeros = right === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].map((group) => toBits(Number.parseInt(group, 16), 16)).join('');
}

const isIn = (bits: string, [network, prefix]: readonly [string, number, string]) =>
  bits.startsWith(bitsOf(network).slice(0, prefix));
const groupsOf = (bits: string) => (bits.match(/.{16}/g) ?? []).map((each) => Number.parseInt(each, 2).toString(16));
const ipv4Of = (bits: string) => (bits.match(/.{8}/g) ?? []).map((each) => Number.parseInt(each, 2)).join('.');
const bits = (length: number) => fc.stringMatching(new RegExp(`^[01]{${length}}$`));

t.test('addresses: what is special is refused, whatever it is wrapped in', async (t) => {
  const inside = (ranges: typeof SPECIAL_IPV4, length: number) =>
    fc
      .constantFrom(...ranges)
      .chain(([network, prefix]) =>
        bits(length).map((random) => bitsOf(network).slice(0, prefix) + random.slice(prefix)),
      );
  fc.assert(
    fc.property(fc.oneof(bits(32), inside(SPECIAL_IPV4, 32)), (chosen) => {
      const special = SPECIAL_IPV4.some((range) => isIn(chosen, range));
      return isPublicAddress(ipv4Of(chosen)) === !special;
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        bits(128),
        bits(125).map((rest) => `001${rest}`),
        inside(SPECIAL_IPV6, 128),
      ),
      (chosen) => {
        const special = !chosen.startsWith('001') || SPECIAL_IPV6.some((range) => isIn(chosen, range));
        return isPublicAddress(groupsOf(chosen).join(':')) === !special;
      },
    ),
    { numRuns: 2000 },
  );
  // Any IPv4 address inside an IPv6 one that leads to it: mapped, compatible, translated, NAT64 (both), 6to4, Teredo.
  const wrapped = (v4: string) => [
    ...[`::ffff:${v4}`, `::${v4}`, `::ffff:0:${v4}`, `64:ff9b::${v4}`, `64:ff9b:1::${v4}`],
    ...[`2002:${groupsOf(bitsOf(v4)).join(':')}::1`, `2001:0:${groupsOf(bitsOf(v4)).join(':')}::1`],
  ];
  fc.assert(fc.property(bits(32), (chosen) => wrapped(ipv4Of(chosen)).every((address) => !isPublicAddress(address))));
  for (const address of [
    ...['127.0.0.1', '10.1.2.3', '172.31.255.255', '192.168.0.1', '169.254.169.254', '100.64.0.1', '0.0.0.0'],
    ...['224.0.0.1', '255.255.255.255', '198.51.100.7', '::1', '::', 'fe80::1', 'fe80::1%eth0', 'fd00:ec2::254'],
    ...['fc00::1', 'ff02::1', '2001:db8::1', '3fff::1', '100::1', '5f00::1', 'fec0::1', 'localhost', '', '1.1.1'],
  ])
    t.notOk(isPublicAddress(address), address);
  for (const address of [
    '8.8.8.8',
    '193.163.102.58',
    '172.32.0.1',
    '100.128.0.1',
    '2a00:1450:400f::200e',
    '2606:4700::1',
  ])
    t.ok(isPublicAddress(address), address);
});

t.test('urls: https, a name, and nothing else', async (t) => {
  t.equal(readWebhookUrl('HTTPS://Bi.Example.dk:443/a?b=c'), 'https://bi.example.dk/a?b=c');
  for (const url of [
    ...['http://bi.example.dk/', 'ftp://bi.example.dk', 'https://u@bi.example.dk', 'https://u:p@bi.example.dk'],
    ...[
      'https://bi.example.dk/#a',
      'https://bi.example.dk/#',
      'https://127.0.0.1/',
      'https://2130706433/',
      'https://0x7f.1/',
    ],
    ...[
      'https://[::1]/',
      'https://[::ffff:127.0.0.1]/',
      'https://localhost/',
      'https://localhost./',
      'bi.example.dk',
      '',
    ],
    ...['https://１２７.0.0.1/', 'https://', 'javascript:alert(1)', 'https://a b.dk/'],
  ])
    t.equal(readWebhookUrl(url), undefined, url);
});

t.test('signatures are what the verifier of the specification takes, of either secret', async (t) => {
  let verified = 0;
  fc.assert(
    fc.property(fc.string(), fc.uuid(), (body, id) => {
      const [first, second] = [newSecret(), newSecret()];
      const headers = signedHeaders([second.bytes, first.bytes], id, new Date(), body);
      for (const { text } of [first, second]) new Webhook(text).verify(body, headers, { jsonParse: false });
      verified += 1;
      try {
        new Webhook(newSecret().text).verify(body, headers, { jsonParse: false });
        return false;
      } catch {
        return true;
      }
    }),
  );
  t.ok(verified > 10, `${verified} bodies verified`);
});

t.test('the README verifies with Python’s standard library', { skip: skipWithout('python3') }, async (t) => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, code = ''] = /```python\n(import base64[\s\S]*?)```/.exec(readme) ?? [];
  const [old, next, other] = [newSecret(), newSecret(), newSecret()];
  const body = '{"type":"webhook.test","data":{"navn":"Ærø"}}';
  const headers = signedHeaders([next.bytes, old.bytes], 'an-id', new Date(), body);
  const late = signedHeaders([next.bytes], 'an-id', new Date(Date.now() - HOUR), body);
  const asked = [
    ...[old, next, other].map(({ text }) => [text, headers, body]),
    ...[
      [next.text, headers, `${body} `],
      [next.text, late, body],
    ],
  ];
  const script = `${code}\nimport json, sys\nprint([is_ours(s, h, b.encode()) for s, h, b in json.load(sys.stdin)])`;
  const { stdout, stderr } = spawnSync('python3', ['-c', script], { input: JSON.stringify(asked), encoding: 'utf8' });
  t.equal(stdout.trim(), '[True, True, False, False, False]', stderr);
});

t.test('a challenge is repeated as JSON or as text', async (t) => {
  t.ok(repeatsChallenge('{"challenge":"abc"}', 'abc'));
  t.ok(repeatsChallenge(' abc\n', 'abc'));
  for (const body of [
    '',
    'abcd',
    '{"challenge":"x"}',
    '{"a":"abc"}',
    'null',
    '"abc"',
    '[1',
    '{"data":{"challenge":"abc"}}',
  ])
    t.notOk(repeatsChallenge(body, 'abc'), body);
});
