// PostgreSQL of what the audit log knows of transfers of a package's files: to whom, when, why, and how they ended. It reads only.
import type { TenantTx } from '../../platform/postgres/tenancy.ts';

/** A transfer of a file as the log has it; its end is null until it is known. */
export interface LoggedTransfer {
  readonly entry: number;
  readonly at: Date;
  readonly packageId: string;
  readonly file: string;
  readonly client: string;
  readonly mandate: string | null;
  readonly purpose: string | null;
  readonly requestId: string;
  readonly cpr: boolean;
  readonly outcome: 'started' | 'complete' | 'broken-off';
  /** Of the whole file. */
  readonly fileBytes: number | null;
  readonly bytesSent: number | null;
  readonly endedAt: Date | null;
}

/** @returns those of the packages of which a file was transferred since then. */
export async function listTransferred(tx: TenantTx, packageIds: readonly string[], since: Date): Promise<Set<string>> {
  const rows = await tx.query<{ id: string }>(
    `select id from unnest($2::text[]) as given(id)
      where exists (select from audit_entry where municipality_code = $1 and package_id = id and outcome = 'started' and at >= $3)`,
    [tx.tenant.municipality, packageIds, since],
  );
  return new Set(rows.map(({ id }) => id));
}

/** @returns the transfers of files of these packages since then, in the order of the log. What was asked about and not sent is none. */
export function listTransfers(tx: TenantTx, packageIds: readonly string[], since: Date): Promise<LoggedTransfer[]> {
  return tx.query<LoggedTransfer>(
    `select s.entry, s.at, s.package_id as "packageId", s.object ->> 'file' as file, s.client_id as client, s.mandate_id as mandate, s.purpose,
            s.request_id as "requestId", coalesce(s.object ->> 'cpr' = 'true', false) as cpr, coalesce(e.outcome, s.outcome) as outcome,
            (s.object ->> 'bytes')::bigint as "fileBytes", (e.object ->> 'bytes')::bigint as "bytesSent", e.at as "endedAt"
       from audit_entry s
       left join audit_entry e on e.municipality_code = s.municipality_code and e.completes = s.entry
      where s.municipality_code = $1 and s.package_id = any ($2) and s.outcome = 'started' and s.at >= $3
      order by s.entry`,
    [tx.tenant.municipality, packageIds, since],
  );
}
