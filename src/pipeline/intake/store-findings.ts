// PostgreSQL of findings as users read them; stage quality writes them.
import type { Severity } from '../../domains/definition.ts';
import type { TenantTx } from '../../platform/postgres/tenancy.ts';

/** An example of what a rule found. `row` is the record number in the file, header excluded. */
export interface Finding {
  readonly number: number;
  readonly rule: string;
  readonly severity: Severity;
  readonly table: string;
  readonly period: string | null;
  readonly row: number | null;
  readonly column: string | null;
  readonly reference: string | null;
  readonly messageDa: string;
  readonly messageEn: string;
}

export interface FindingFilter {
  readonly severity: Severity | undefined;
  readonly rule: string | undefined;
  readonly table: string | undefined;
}

/** @returns up to `limit` findings of a delivery with numbers above `after`, in the order found. */
export function listFindings(
  tx: TenantTx,
  deliveryId: string,
  filter: FindingFilter,
  after: number,
  limit: number,
): Promise<Finding[]> {
  return tx.query<Finding>(
    `select number, rule, severity, table_name as "table", period, row, column_name as "column", reference,
            message_da as "messageDa", message_en as "messageEn"
       from finding
      where source_delivery_id = $1 and number > $2 and ($3::text is null or severity = $3)
        and ($4::text is null or rule = $4) and ($5::text is null or table_name = $5)
      order by number limit $6`,
    [deliveryId, after, filter.severity, filter.rule, filter.table, limit],
  );
}

/** How often a rule was broken in a delivery: all are counted, also beyond the examples that are kept. */
export interface FindingCount {
  readonly rule: string;
  readonly table: string;
  readonly severity: Severity;
  readonly count: number;
}

/** @returns the counts per rule and table, the gravest first. */
export function countFindings(tx: TenantTx, deliveryId: string): Promise<FindingCount[]> {
  return tx.query<FindingCount>(
    `select rule, table_name as "table", severity, count from finding_count where source_delivery_id = $1
      order by array_position(array['stop', 'error', 'warning', 'info'], severity), rule collate "C", table_name collate "C"`,
    [deliveryId],
  );
}
