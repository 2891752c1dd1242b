// Every kind of caller that the service can meet, with credentials that it issued itself: for the matrix of callers and operations.
import type { TestService } from '../harness/service.ts';
import { OTHER } from './every-route.ts';
import { openMandateScene, VENDOR_SCOPES } from './mandate-scene.ts';

export interface KnownCaller {
  readonly name: string;
  /** Whether the things that are planted are its own to see. */
  readonly isOwn: boolean;
  readonly authorization: string | undefined;
}

const HOME = '615';
const MUNICIPAL = [
  ...['key-figures:read', 'raw-data:read', 'source:write', 'source:read', 'revision:restore', 'cpr:read'],
  ...['clients:manage', 'mandates:manage', 'audit:read', 'access-requests:answer'],
  ...['subscriptions:read', 'subscriptions:manage'],
  ...['events:read', 'webhooks:manage'],
];

/** Registers the clients, and gets each its credential. `OTHER` is the municipality whose things are planted. */
export async function makeCallers(service: TestService): Promise<KnownCaller[]> {
  const scene = await openMandateScene(service);
  const register = async (kind: string, municipality: string | null, scopes: readonly string[]) =>
    scene.newClient({ kind, scopes, ...(municipality === null ? {} : { municipality }) });
  const bearer = (token: string) => `Bearer ${token}`;
  const tokenFor = async (kind: string, municipality: string | null, scopes: readonly string[]) =>
    bearer(await scene.tokenOf(await register(kind, municipality, scopes)));
  const accessKey = async (municipality: string) => {
    const clientId = await register('municipality', municipality, ['key-figures:read', 'raw-data:read']);
    const body = {
      ...{ clientId, name: 'Power BI', scopes: ['key-figures:read', 'raw-data:read'] },
      expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
    };
    const made = await service.call('POST', '/v1/access-keys', { caller: { municipality }, body });
    const { key } = (await made.json()) as { key: string };
    return `Basic ${Buffer.from(`anything:${key}`).toString('base64')}`;
  };
  const vendorFor = async (municipality: string) => {
    const vendor = await scene.newVendor();
    const mandateId = await scene.newMandate(vendor, { municipality, scopes: VENDOR_SCOPES });
    return { mandateId, token: bearer(await scene.tokenOf(vendor, { municipality })) };
  };
  const ended = await vendorFor(OTHER);
  await scene.decide(ended.mandateId, 'end', OTHER);
  return [
    { name: 'no token', isOwn: false, authorization: undefined },
    {
      name: 'an expired token',
      isOwn: false,
      authorization: bearer(await service.token({ municipality: OTHER, lifetime: -60 })),
    },
    {
      name: 'the operator',
      isOwn: false,
      authorization: await tokenFor('operator', null, ['operator', 'key-figures:read']),
    },
    { name: 'another municipality', isOwn: false, authorization: await tokenFor('municipality', HOME, MUNICIPAL) },
    {
      name: 'a source of another municipality',
      isOwn: false,
      authorization: await tokenFor('source', HOME, ['source:write', 'source:read']),
    },
    { name: 'an access key of another municipality', isOwn: false, authorization: await accessKey(HOME) },
    {
      name: 'a vendor without a mandate',
      isOwn: false,
      authorization: bearer(await scene.tokenOf(await scene.newVendor())),
    },
    {
      name: 'a vendor with another municipality’s mandate',
      isOwn: false,
      authorization: (await vendorFor(HOME)).token,
    },
    { name: 'a vendor whose mandate has ended', isOwn: false, authorization: ended.token },
    { name: 'a vendor with its mandate', isOwn: true, authorization: (await vendorFor(OTHER)).token },
    {
      name: 'a source of its own',
      isOwn: true,
      authorization: await tokenFor('source', OTHER, ['source:write', 'source:read']),
    },
    { name: 'an access key of its own', isOwn: true, authorization: await accessKey(OTHER) },
    { name: 'the municipality itself', isOwn: true, authorization: await tokenFor('municipality', OTHER, MUNICIPAL) },
  ];
}
