// Signs what the service vouches for, manifests and receipts, as compact JWS (RFC 7515, EdDSA). The key follows from the root secret; its public half is
// published and stays so, so that a file can be proved ours years later.
import { CompactSign, exportJWK, type JWK } from 'jose';
import { type DerivedKey, deriveSigningKey } from '../../../platform/derived-key.ts';

/** What a statement is, as its `typ` says (RFC 8725, 3.11: no statement is taken for another). */
export type StatementKind = 'manifest' | 'receipt';

/** The key that signs statements, and the id that they name it by. */
export interface StatementKey extends DerivedKey {
  readonly id: string;
}

/** The first half of the id is a version: raise it to change the key. The second half tells root secrets apart. */
const VERSION = 1;

/** @returns the key that signs. */
export async function deriveStatementKey(rootSecret: Uint8Array): Promise<StatementKey> {
  const key = deriveSigningKey(rootSecret, `delivery-statements:${VERSION}`);
  const { x = '' } = await exportJWK(key.publicKey);
  return { ...key, id: `delivery-${VERSION}-${x.slice(0, 8)}` };
}

/** @returns the public half as JSON Web Key. */
export async function publicJwkOf({ id, publicKey }: StatementKey): Promise<JWK> {
  return { ...(await exportJWK(publicKey)), kid: id, use: 'sig', alg: 'EdDSA' };
}

/** @returns the statement as a compact JWS; its payload is the JSON text of `statement`. */
export function signStatement(key: StatementKey, kind: StatementKind, statement: object): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(statement)))
    .setProtectedHeader({ alg: 'EdDSA', kid: key.id, typ: `flis-${kind}+jws` })
    .sign(key.privateKey);
}

/** @returns the statement inside a JWS, to be shown beside it. Nothing is verified: whoever relies on it verifies the JWS. */
export function statementIn<Statement>(jws: string): Statement {
  return JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()) as Statement;
}
