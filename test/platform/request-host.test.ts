// Hostile hosts over raw sockets: one answer for each, before any route, and none repeats what was sent.
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { createHttpApp } from '../../src/platform/http/app.ts';

async function start(t: Test, host = '127.0.0.1') {
  const app = createHttpApp({
    publicOrigin: 'https://flis.example',
    otherHosts: ['flis-api:8080', 'Inside.example'],
    logger: pino({ enabled: false }),
    requestTimeout: 60_000,
    maxConnections: 100,
  });
  let reached = 0;
  app.all('/', async () => {
    reached += 1;
    return { reached: true };
  });
  await app.listen({ host, port: 0 });
  t.teardown(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  /** Sends a head as it stands; every line gets its end. */
  const send = async (...lines: string[]) => {
    const socket = connect(port, host);
    socket.end(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`, 'latin1');
    const answer = await text(socket);
    return { answer, status: Number(answer.slice(9, 12)), code: /"code":"([^"]+)"/.exec(answer)?.[1] };
  };
  return { port, send, reached: () => reached };
}

t.test('hosts that are ours', async (t) => {
  const { port, send, reached } = await start(t);
  const hosts = ['flis.example', 'FLIS.example', 'flis.example:443', 'flis-api:8080', 'inside.example'];
  for (const host of [...hosts, `127.0.0.1:${port}`]) {
    const { status } = await send('GET / HTTP/1.1', `Host: ${host}`);
    t.equal(status, 200, host);
  }
  t.equal((await send('GET http://flis.example/ HTTP/1.1', 'Host: flis.example')).status, 200, 'absolute form');
  t.equal((await send('GET / HTTP/1.0')).status, 200, 'HTTP/1.0 knows no host');
  t.equal(reached(), 8);
});

t.test('the address of an IPv6 connection', async (t) => {
  const { port, send } = await start(t, '::1');
  t.equal((await send('GET / HTTP/1.1', `Host: [::1]:${port}`)).status, 200);
  t.equal((await send('GET / HTTP/1.1', `Host: [::2]:${port}`)).code, 'unknown-host');
});

t.test('hosts that are not', async (t) => {
  const { port, send, reached } = await start(t);
  const get = 'GET / HTTP/1.1';
  const ours = 'Host: flis.example';
  const invalid: Record<string, string[]> = {
    missing: [get],
    empty: [get, 'Host:'],
    doubled: [get, ours, ours],
    'doubled, in other letters': [get, ours, 'hOST: evil.example'],
    'the hostile one first': [get, 'Host: evil.example', ours],
    'user info': [get, 'Host: user@flis.example'],
    'user info with a password': [get, 'Host: flis.example:443@evil.example'],
    'a path': [get, 'Host: flis.example/evil'],
    'a query': [get, 'Host: flis.example?evil'],
    'a fragment': [get, 'Host: flis.example#evil'],
    'a backslash': [get, 'Host: flis.example\\evil'],
    'a list': [get, 'Host: flis.example, evil.example'],
    'a blank': [get, 'Host: flis.example evil.example'],
    'a scheme': [get, 'Host: https://flis.example'],
    'a port that is no number': [get, 'Host: flis.example:evil'],
    'an empty port': [get, 'Host: flis.example:'],
    'a dot at the end': [get, 'Host: flis.example.'],
    'a port too high': [get, 'Host: flis.example:65536'],
    'letters beyond ASCII': [get, 'Host: fl\u00edevil.example'],
    'another target': ['GET http://evil.example/ HTTP/1.1', ours],
    'another host than the target': ['GET http://flis.example/ HTTP/1.1', 'Host: evil.example'],
    'user info in the target': ['GET http://evil@flis.example/ HTTP/1.1', 'Host: evil@flis.example'],
    'an address that cannot be decoded': ['GET /%zz HTTP/1.1', ours, ours],
    'HTTP/1.0, doubled': ['GET / HTTP/1.0', ours, ours],
  };
  const unknown: Record<string, string[]> = {
    another: [get, 'Host: evil.example'],
    'another, with the right port': [get, `Host: evil.example:${port}`],
    'the right one at the start': [get, 'Host: flis.example.evil.example'],
    'the right one at the end': [get, 'Host: evil-flis.example'],
    'another port': [get, 'Host: flis.example:80'],
    'another address': [get, `Host: 127.0.0.2:${port}`],
    'the address with another port': [get, 'Host: 127.0.0.1:1'],
    'a name of this machine that nobody configured': [get, `Host: localhost:${port}`],
    'target and host alike': ['GET http://evil.example/ HTTP/1.1', 'Host: evil.example'],
    'another method': ['DELETE / HTTP/1.1', 'Host: evil.example'],
    'what is not there': ['GET /nowhere HTTP/1.1', 'Host: evil.example'],
    'an address that cannot be decoded': ['GET /%zz HTTP/1.1', 'Host: evil.example'],
    'a body that is not read': ['POST / HTTP/1.1', 'Host: evil.example', 'Content-Length: 9999999'],
    'an expectation': [get, 'Host: evil.example', 'Expect: wonders'],
  };
  for (const [cases, code, status] of [
    [invalid, 'invalid-host', 400],
    [unknown, 'unknown-host', 421],
  ] as const) {
    for (const [name, lines] of Object.entries(cases)) {
      const seen = await send(...lines);
      t.same([seen.code, seen.status], [code, status], name);
      t.notMatch(seen.answer, /evil|user|65536|localhost/, 'nothing of it comes back');
      t.match(seen.answer, /^x-content-type-options: nosniff\r$/m);
    }
  }
  t.equal(reached(), 0);
});

t.test('an expectation that nobody knows is passed over, not answered bare', async (t) => {
  const { send } = await start(t);
  const { answer, status } = await send('GET / HTTP/1.1', 'Host: flis.example', 'Expect: wonders');
  t.equal(status, 200);
  t.match(answer, /^content-security-policy: /m);
});
