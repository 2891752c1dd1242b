// The api's view of the service's signing keys: which one signs, which ones are published. Read anew when a change is announced, and every two
// seconds in case it was not heard, so that a revoked key is out of use within five.
import { importJWK, type JWK } from 'jose';
import type pg from 'pg';
import { withPublished } from '../../platform/postgres/tenancy.ts';
import { unseal } from '../../platform/sealed.ts';
import { SEALED_FOR } from './manage-keys.ts';
import { publishedKeysAt, signingKeyAt } from './rules.ts';
import { listSigningKeys, type SigningKeyRow } from './store.ts';

export type ImportedKey = Awaited<ReturnType<typeof importJWK>>;

export interface KeyRing {
  /** The key to sign with; undefined while there is none. */
  signer(): Promise<{ readonly keyId: string; readonly key: ImportedKey } | undefined>;
  /** Public keys whose signatures are taken now. */
  published(): readonly JWK[];
  /** Reads the keys. Never throws: what is known stays in use until they can be read. */
  reload(): Promise<void>;
  stop(): void;
}

const RELOAD_MS = 2_000;

export interface KeyRingDeps {
  readonly pool: pg.Pool;
  readonly secrets: { readonly rootSecret: Uint8Array };
}

/** @param onRevoked is told when a key that was known is gone: what it signed is worth nothing any more */
export function createKeyRing({ pool, secrets }: KeyRingDeps, onRevoked: () => void): KeyRing {
  let keys: readonly SigningKeyRow[] = [];
  let reading: Promise<void> | undefined;
  const imported = new Map<string, Promise<ImportedKey>>();

  async function read(): Promise<void> {
    const now = new Date();
    const before = publishedKeysAt(keys, now);
    keys = await withPublished(pool, (tx) => listSigningKeys(tx), { readOnly: true });
    const after = publishedKeysAt(keys, now).map(({ keyId }) => keyId);
    if (before.some(({ keyId }) => !after.includes(keyId))) onRevoked();
  }

  /** A reload that is asked for while one runs starts after it: the running one may have read before the change. */
  async function reload(): Promise<void> {
    const mine: Promise<void> = (reading ?? Promise.resolve()).then(read).catch(() => {});
    reading = mine;
    await mine;
    if (reading === mine) reading = undefined;
  }

  const timer = setInterval(() => void (reading ?? reload()), RELOAD_MS).unref();
  return {
    async signer() {
      const row = signingKeyAt(keys, new Date());
      if (row === undefined) return undefined;
      const { keyId, sealed } = row;
      const key = imported.get(keyId) ?? importSecret(secrets.rootSecret, keyId, sealed);
      imported.set(keyId, key);
      return { keyId, key: await key };
    },
    published: () => publishedKeysAt(keys, new Date()).map(({ publicJwk }) => publicJwk),
    reload,
    stop: () => clearInterval(timer),
  };
}

async function importSecret(rootSecret: Uint8Array, keyId: string, sealed: Buffer): Promise<ImportedKey> {
  return importJWK(JSON.parse(unseal(rootSecret, SEALED_FOR, keyId, sealed).toString('utf8')) as JWK, 'EdDSA');
}
