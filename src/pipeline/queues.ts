// The jobs of the road, in the order in which they follow one another. A stage enqueues the next one by name; it never calls it.
import type { QueueDeclaration } from '../platform/queue/queue.ts';

/** Payloads hold ids only: whoever reads the queue learns nothing about anybody. */
interface OfDomain {
  readonly municipality: string;
  readonly domain: string;
}

/**
 * warehouse: everything that makes a revision in the background, one at a time per municipality and domain. Key `615:skole`.
 * `load`: validate and load the submitted source delivery `sourceDeliveryId`. `reslice`: write the slices anew after a changed declaration.
 */
export const REVISE: QueueDeclaration<
  OfDomain & ({ readonly task: 'load'; readonly sourceDeliveryId: string } | { readonly task: 'reslice' })
> = { name: 'revise', expireInSeconds: 3600, retryLimit: 3 };

/** warehouse: work out the row differences between two revisions that nobody has asked for before. Key `615:skole`. */
export const COMPARE_REVISIONS: QueueDeclaration<OfDomain & { readonly since: number; readonly until: number }> = {
  name: 'compare-revisions',
  expireInSeconds: 1800,
  retryLimit: 3,
};

/** keyfigures: compute the formulas that a revision can have changed. Key `615:skole`. */
export const COMPUTE_KEY_FIGURES: QueueDeclaration<OfDomain> = {
  name: 'compute-key-figures',
  expireInSeconds: 900,
  retryLimit: 5,
};

/** keyfigures: publish a requested release. Key: the domain. */
export const PUBLISH_RELEASE: QueueDeclaration<{ readonly releaseId: string }> = {
  name: 'publish-release',
  expireInSeconds: 900,
  retryLimit: 3,
};

/** packages: build the files of a package. Key: the package id. */
export const BUILD_PACKAGE: QueueDeclaration<OfDomain & { readonly packageId: string }> = {
  name: 'build-package',
  expireInSeconds: 1800,
  retryLimit: 3,
};

/** packages: merge one table's Parquet file on its first demand. Key: package id and table. */
export const BUILD_PARQUET: QueueDeclaration<OfDomain & { readonly packageId: string; readonly table: string }> = {
  name: 'build-parquet',
  expireInSeconds: 1800,
  retryLimit: 3,
};

/** packages: search for a citizen who asked for access. Key: the request's id. */
export const ANSWER_ACCESS_REQUEST: QueueDeclaration<{
  readonly municipality: string;
  readonly accessRequestId: string;
}> = { name: 'answer-access-request', expireInSeconds: 1800, retryLimit: 3 };

/** delivery: prepare a delivery that is due. Key: the delivery's id. */
export const PREPARE_DELIVERY: QueueDeclaration<OfDomain & { readonly deliveryId: string }> = {
  name: 'prepare-delivery',
  expireInSeconds: 1800,
  retryLimit: 3,
};

/** All queues; the owner creates them in `migrate`. */
export const QUEUES = [
  REVISE,
  COMPARE_REVISIONS,
  COMPUTE_KEY_FIGURES,
  PUBLISH_RELEASE,
  BUILD_PACKAGE,
  BUILD_PARQUET,
  ANSWER_ACCESS_REQUEST,
  PREPARE_DELIVERY,
] as const;
