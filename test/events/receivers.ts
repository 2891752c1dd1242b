// Receivers of webhooks on this machine: one https server that plays as many receivers as there are names, with a certificate of a test authority.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SenderOptions } from '../../src/events/index.ts';
import type { TestScope } from '../harness/database.ts';

/** What a receiver was sent. */
export interface Received {
  /** `r1` of `r1.receivers.example`. */
  readonly name: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly message: { readonly type: string; readonly id: string; readonly data: Record<string, unknown> };
  readonly at: number;
}

/** How a receiver answers; by default it repeats challenges and takes everything. */
export type Answer = (received: Received, response: ServerResponse) => void;

export interface Receivers {
  readonly received: Received[];
  /** The address of a receiver by its name. */
  url(name: string): string;
  /** Changes how a receiver answers. */
  answer(name: string, answer: Answer): void;
  /** Resolves as soon as `condition` holds, which is looked at whenever something was received. */
  until(condition: () => boolean): Promise<void>;
  /** What a sender needs to reach them. */
  readonly sending: SenderOptions;
  readonly server: Server;
}

export const takeAll: Answer = ({ message }, response) => {
  if (message.type === 'webhook.challenge') response.end(JSON.stringify({ challenge: message.data.challenge }));
  else response.writeHead(204).end();
};

/** A certificate for `*.receivers.example`, which is its own authority. */
function makeCertificate(): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'flis-certificate-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
        ...['-subj', '/CN=receivers', '-addext', 'subjectAltName=DNS:*.receivers.example'],
        ...['-keyout', key, '-out', cert],
      ],
      { stdio: 'ignore' },
    );
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Starts them; ended with the test. */
export async function startReceivers(t: TestScope): Promise<Receivers> {
  const { key, cert } = makeCertificate();
  const received: Received[] = [];
  const answers = new Map<string, Answer>();
  const waiting = new Set<() => void>();
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts).toString();
    const name = (request.headers.host ?? '').split('.')[0] ?? '';
    const message = JSON.parse(body);
    const one = { name, headers: request.headers as Record<string, string>, body, message, at: Date.now() };
    received.push(one);
    (answers.get(name) ?? takeAll)(one, response);
    for (const check of [...waiting]) check();
  };
  const server = createServer({ key, cert }, (request, response) => void serve(request, response).catch(() => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    received,
    server,
    url: (name) => `https://${name}.receivers.example:${port}/hook`,
    answer: (name, answer) => void answers.set(name, answer),
    until: (condition) =>
      new Promise((resolve) => {
        const check = () => {
          if (!condition()) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    sending: {
      resolve: async () => ['127.0.0.1'],
      mayConnectTo: (address) => address === '127.0.0.1',
      ca: cert,
    },
  };
}
