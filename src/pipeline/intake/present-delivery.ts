// Source deliveries, files and findings as callers see them. Pure: row in, wire shape out; storage keys stay inside.

import type { SourceDelivery, SourceFile } from './store.ts';
import type { Finding, FindingCount } from './store-findings.ts';

/** A delivery as an item of a listing. */
export function presentDelivery(delivery: SourceDelivery) {
  const { cursor: _, createdAt, submittedAt, finishedAt, ...rest } = delivery;
  return {
    ...rest,
    createdAt: createdAt.toISOString(),
    submittedAt: submittedAt?.toISOString() ?? null,
    finishedAt: finishedAt?.toISOString() ?? null,
  };
}

export function presentFile(file: SourceFile) {
  const { table, bytes, sha256, compression, announcedRows, rows, dialect, receivedAt } = file;
  return {
    table,
    bytes,
    sha256,
    compression,
    announcedRows,
    rows,
    dialect: { ...dialect, columns: [...dialect.columns] },
    receivedAt: receivedAt.toISOString(),
  };
}

/** A delivery with its files and what the rules counted, per severity and per rule. */
export function presentWholeDelivery(
  delivery: SourceDelivery,
  files: readonly SourceFile[],
  rules: readonly FindingCount[],
) {
  const counts = { stop: 0, error: 0, warning: 0, info: 0 };
  for (const { severity, count } of rules) counts[severity] += count;
  return { ...presentDelivery(delivery), files: files.map(presentFile), findings: { counts, rules: [...rules] } };
}

export function presentFinding({ messageDa, messageEn, ...rest }: Finding) {
  return { ...rest, message: { da: messageDa, en: messageEn } };
}
