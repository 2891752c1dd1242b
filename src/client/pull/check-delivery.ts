// Holds what the service says of a delivery against the manifest that it has signed. What passes can be relied on: names are names of files and of nothing
// else. Asks nobody anything.
import { VerificationFault } from '../faults.ts';
import type { ListedDelivery, NamedFile } from './state.ts';
import { type Keys, verifyStatement } from './verify-statement.ts';

/** A delivery whose manifest is verified. */
export interface CheckedDelivery extends ListedDelivery {
  readonly packageId: string;
  readonly files: readonly NamedFile[];
  /** As it is signed. */
  readonly manifest: object;
  readonly signedManifest: string;
  /** Of the key that has signed it. */
  readonly keyId: string;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const FORMS = { id: UUID, subscriptionId: UUID, domain: /^[a-z0-9]+(-[a-z0-9]+)*$/, dueOn: /^\d{4}-\d{2}-\d{2}$/ };
/** The ends that the puller gives to files of its own are none of theirs. */
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,60}\.(csv\.gz|parquet|zip)$/;
const SHA256 = /^[0-9a-f]{64}$/;

/** @throws VerificationFault when its members could be anything but names */
export function checkListed(listed: unknown): ListedDelivery {
  const { id, domain, dueOn, subscriptionId } = listed as ListedDelivery;
  for (const [name, form] of Object.entries(FORMS)) {
    if (!form.test(String((listed as Record<string, unknown>)[name])))
      throw new VerificationFault(`a delivery is listed without a proper ${name}`);
  }
  return { id, domain, dueOn, subscriptionId };
}

/**
 * @param body the answer of the service about `listed`
 * @throws VerificationFault unless it is signed by one of `keys`, and is about this delivery, this municipality and these files
 */
export function checkDelivery(
  listed: ListedDelivery,
  // biome-ignore lint/suspicious/noExplicitAny: nothing of it is relied on before it is checked
  body: any,
  municipality: string,
  keys: Keys,
): CheckedDelivery {
  const { statement, keyId } = verifyStatement(body?.signedManifest, 'manifest', keys);
  const expected = {
    ...{ delivery: listed.id, subscription: listed.subscriptionId, municipality },
    ...{ domain: listed.domain, dueOn: listed.dueOn, package: body.packageId },
  };
  for (const [name, value] of Object.entries(expected)) {
    if (statement[name] !== value)
      throw new VerificationFault(`the manifest is about another ${name}: ${String(statement[name]).slice(0, 60)}`);
  }
  const files = readFiles(statement.files);
  if (!isSame(files, readFiles(body.files)))
    throw new VerificationFault('the manifest names other files than the delivery has');
  const { packageId, signedManifest } = body;
  return { ...listed, packageId, files, manifest: statement, signedManifest, keyId };
}

function readFiles(files: unknown): NamedFile[] {
  if (!Array.isArray(files) || files.length === 0) throw new VerificationFault('a delivery without files');
  return files.map(({ name, bytes, sha256 }) => {
    if (!FILE_NAME.test(name) || !Number.isSafeInteger(bytes) || bytes < 0 || !SHA256.test(sha256))
      throw new VerificationFault('the manifest names a file that can be none');
    return { name, bytes, sha256 };
  });
}

function isSame(some: readonly NamedFile[], others: readonly NamedFile[]): boolean {
  const textOf = (files: readonly NamedFile[]) =>
    JSON.stringify(files.map(({ name, bytes, sha256 }) => [name, bytes, sha256]).sort());
  return textOf(some) === textOf(others);
}
