// Deliveries as they go over the wire. Pure.
import { contentIdOf, lengthOfPart } from '../../../slices/index.ts';
import { type PackageFile, presentRevocation } from '../../packages/index.ts';
import type { Manifest } from './describe-delivery.ts';
import type { WholeDelivery } from './read-deliveries.ts';
import { statementIn } from './sign-statement.ts';
import type { Delivery } from './store.ts';

/** @param now by which a delivery that is not ready is late */
export function presentDelivery(delivery: Delivery, municipality: string, now: Date) {
  const { id, subscriptionId, domain, dueOn, promisedAt, nextPromisedAt, state, revision, packageId, unchanged } =
    delivery;
  const isLate = (delivery.readyAt ?? now) > promisedAt;
  return {
    ...{
      id,
      municipality,
      subscriptionId,
      replaces: delivery.replaces,
      domain,
      dueOn,
      promisedAt: promisedAt.toISOString(),
    },
    ...{ state, isLate, lateReason: isLate ? delivery.lateReason : null },
    ...{ nextPromisedAt: nextPromisedAt?.toISOString() ?? null, agreedKind: delivery.agreedKind },
    ...{ tables: delivery.tables, formats: delivery.formats, packageId, revision, unchanged },
    readyAt: delivery.readyAt?.toISOString() ?? null,
    fetchedAt: delivery.fetchedAt?.toISOString() ?? null,
    acknowledgedAt: delivery.acknowledgedAt?.toISOString() ?? null,
    fetchableUntil: delivery.readyAt === null ? null : (delivery.keptUntil?.toISOString() ?? null),
    revocation: presentRevocation(delivery),
  };
}

/** @param origin scheme and host under which users reach the service */
export function presentWhole(
  { delivery, files, acknowledgement }: WholeDelivery,
  municipality: string,
  now: Date,
  origin: string,
) {
  const { manifest } = delivery;
  return {
    ...presentDelivery(delivery, municipality, now),
    files: files.map(({ name, rows, bytes, sha256, bytesSent }) => ({
      ...{ name, path: `${origin}/v1/deliveries/${delivery.id}/files/${name}`, rows, bytes, sha256, bytesSent },
    })),
    manifest: manifest === null ? null : statementIn<Manifest>(manifest),
    signedManifest: manifest,
    receipt: acknowledgement?.receipt ?? null,
  };
}

/** What a file is made of. The keys of stored objects do not leave. */
export function presentSegments({ bytes, sha256, parts }: PackageFile) {
  let start = 0;
  const segments = parts.map((part) => {
    const end = start + lengthOfPart(part) - 1;
    const segment = { start, end, contentId: contentIdOf(part) };
    start = end + 1;
    return segment;
  });
  return { bytes, sha256, segments };
}
