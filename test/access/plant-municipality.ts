// Plants one row or more of every kind for a municipality, each with a canary text, straight into the database. For the isolation test.
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { seal } from '../../src/platform/sealed.ts';

/** What was planted, to ask for it. */
export interface Planted {
  readonly canary: string;
  readonly openDelivery: string;
  readonly acceptedDelivery: string;
  readonly packageId: string;
  readonly revision: number;
  readonly idempotencyKey: string;
  readonly clientId: string;
  readonly registeredClient: string;
  readonly accessKey: string;
  readonly mandate: string;
  readonly accessRequest: string;
  readonly subscription: string;
  readonly delivery: string;
  readonly webhook: string;
  readonly webhookSecret: string;
  readonly calendarFeed: string;
}

const DOMAIN = 'borger';
const TABLE = 'bor_befolkning';
const HASH = 'a'.repeat(64);

const EMPTY_MANIFEST = {
  ...{
    issuer: '',
    subscription: '',
    municipality: '',
    domain: DOMAIN,
    dueOn: '2025-12-01',
    package: '',
    kind: 'total',
  },
  ...{ promisedAt: '2025-12-01T05:00:00.000Z', transactionTime: '2025-12-01T05:00:00.000Z', unchanged: null },
  ...{ revision: 7, since: null, epochStart: '2025-12-01T05:00:00.000Z', schemaHash: HASH, tables: [], files: [] },
  nextPromisedAt: null,
};

/** @param formula a formula of some key figure, and the hash of all of the domain, so that own values have something to show. @param rootSecret seals answers */
export async function plantMunicipality(
  client: pg.Client,
  municipality: string,
  formula: { readonly id: string; readonly version: number; readonly period: string; readonly hash: string },
  rootSecret: Uint8Array,
): Promise<Planted> {
  const canary = `canary-${randomUUID()}`;
  const dialect = {
    delimiter: ',',
    decimalMark: 'point',
    encoding: 'utf-8',
    bom: false,
    newline: 'lf',
    columns: [canary],
  };
  const planted: Planted = {
    canary,
    openDelivery: randomUUID(),
    acceptedDelivery: randomUUID(),
    packageId: randomUUID(),
    revision: 7,
    idempotencyKey: randomUUID(),
    clientId: 'a-client-of-several-municipalities',
    registeredClient: `${municipality}.canary0000000000`,
    accessKey: 'canary0000000000',
    mandate: randomUUID(),
    accessRequest: randomUUID(),
    subscription: randomUUID(),
    delivery: randomUUID(),
    webhook: randomUUID(),
    webhookSecret: randomUUID(),
    calendarFeed: 'canary0000000001',
  };
  const insert = (table: string, row: Record<string, unknown>) => {
    const all = { municipality_code: municipality, ...row };
    const marks = Object.keys(all).map((_, index) => `$${index + 1}`);
    return client.query(`insert into ${table} (${Object.keys(all)}) values (${marks})`, Object.values(all));
  };
  for (const [id, state] of [
    [planted.openDelivery, 'open'],
    [planted.acceptedDelivery, 'accepted'],
  ]) {
    const span = { period_from: '2025-01', period_to: '2025-12' };
    const source = { domain: DOMAIN, kind: 'total', source_system: canary, client_id: canary };
    await insert('source_delivery', { source_delivery_id: id, state, ...span, ...source });
    await insert('source_file', {
      ...{ source_delivery_id: id, table_name: TABLE, storage_key: `received/${canary}/${id}`, bytes: 1, sha256: HASH },
      ...{ encrypted: 'none', compression: 'none', dialect },
    });
  }
  const delivery = { source_delivery_id: planted.acceptedDelivery };
  const finding = { rule: 'DQ10', severity: 'error', table_name: TABLE };
  await insert('finding', {
    ...delivery,
    number: 1,
    ...finding,
    reference: canary,
    message_da: canary,
    message_en: canary,
  });
  await insert('finding_count', { ...delivery, ...finding, count: 1 });
  await insert('table_source', { table_name: TABLE, source_system: canary });
  await insert('delta_sequence', { domain: DOMAIN, source_system: canary, last: 3 });
  const revision = { domain: DOMAIN, revision: planted.revision };
  await insert('revision', { ...revision, kind: 'total', ...delivery, slices_changed: 1 });
  await insert('slice', {
    ...{
      table_name: TABLE,
      period: '2025',
      sha256: HASH,
      schema_hash: HASH,
      domain: DOMAIN,
      rows: 1,
      csv_bytes: 1,
      csv_crc32: 1,
    },
    ...{
      segment_key: canary,
      segment_bytes: 1,
      segment_sha256: HASH,
      parquet_key: canary,
      parquet_bytes: 1,
      parquet_sha256: HASH,
    },
  });
  await insert('slice_change', {
    ...revision,
    table_name: TABLE,
    period: '2025',
    slice_sha256: HASH,
    schema_hash: HASH,
  });
  await insert('rule_result', {
    ...revision,
    rule: canary,
    table_name: TABLE,
    period: '2025',
    severity: 'error',
    count: 1,
  });
  await insert('formula_value', {
    ...{ ...revision, formula: formula.id, formula_version: formula.version, period: formula.period, breakdown: '' },
    ...{ bucket: formula.period, value: '987654321' },
  });
  await insert('computed_revision', { ...revision, formulas_hash: formula.hash });
  await insert('package', {
    ...{ ...revision, package_id: planted.packageId, kind: 'total', state: 'ready', ready_at: new Date() },
    manifest: { name: canary, resources: [{ name: TABLE }] },
  });
  const parts = JSON.stringify([{ literal: Buffer.from(canary).toString('base64') }]);
  for (const name of [`${TABLE}.csv.gz`, 'archive.zip', 'identitet.csv.gz']) {
    const file = {
      name,
      media_type: 'application/gzip',
      scope: '',
      rows: 1,
      bytes: canary.length,
      sha256: HASH,
      parts,
    };
    await insert('package_file', { package_id: planted.packageId, ...file });
  }
  const registered = {
    client_id: planted.registeredClient,
    scopes: ['raw-data:read'],
    name: canary,
    created_by: canary,
  };
  await insert('client', { ...registered, kind: 'municipality', contact: canary, status: 'active' });
  await insert('mandate', {
    ...{
      mandate_id: planted.mandate,
      client_id: '000.canary0000000000',
      vendor: canary,
      contact: canary,
      purpose: canary,
    },
    ...{ domains: [DOMAIN], scopes: ['raw-data:read'], ends_on: '2099-12-31' },
  });
  await insert('client_key', {
    client_id: planted.registeredClient,
    key_id: canary,
    jwk: { kty: 'OKP', crv: 'Ed25519', x: 'AA', kid: canary },
  });
  await insert('access_key', {
    ...{ ...registered, access_key_id: planted.accessKey, sha256: Buffer.from(HASH, 'hex') },
    expires_at: new Date(Date.now() + 86_400_000),
  });
  await insert('calendar_feed', {
    ...{ feed_id: planted.calendarFeed, name: canary, sha256: Buffer.from(HASH, 'hex'), client_id: canary },
    expires_at: new Date(Date.now() + 86_400_000),
  });
  await insert('used_assertion', { client_id: planted.registeredClient, jti: canary, expires_at: new Date() });
  const [digests, counts] = [
    { from_sha256: HASH, to_sha256: HASH, schema_hash: HASH },
    { inserted: 1, updated: 0, deleted: 0 },
  ];
  await insert('slice_diff', {
    ...{
      ...digests,
      ...counts,
      table_name: TABLE,
      period: '2025',
      revision: planted.revision,
      csv_bytes: 1,
      csv_crc32: 1,
    },
    ...{ csv_sha256: HASH, segment_key: canary, segment_bytes: 1, segment_sha256: HASH },
  });
  // Sealed for the municipality: it shows to whoever is let see the row.
  const answer = { since: new Date().toISOString(), data: [], unsearched: [canary], packages: [] };
  const name = `${municipality}/${planted.accessRequest}`;
  await insert('access_request', {
    ...{ access_request_id: planted.accessRequest, client_id: canary, state: 'answered' },
    ...{ expires_at: new Date(Date.now() + 86_400_000), person: Buffer.from(canary) },
    answer: seal(rootSecret, 'access-request-answer', name, Buffer.from(JSON.stringify(answer))),
  });
  const subscription = { subscription_id: planted.subscription, domain: DOMAIN };
  const terms = {
    rhythm: { frequency: 'weekly', weekday: 1 },
    hour: 6,
    tables: [canary],
    formats: ['zip'],
    kind: 'total',
  };
  await insert('subscription', {
    ...{ ...subscription, starts_on: '2026-01-01', commitment_months: 12, renewal_months: 12, notice_months: 3 },
  });
  await insert('subscription_event', {
    ...{ ...subscription, number: 1, kind: 'proposed', day: '2026-01-01', terms, client_id: canary },
  });
  await insert('subscription_event', {
    ...{ ...subscription, number: 2, kind: 'activated', day: '2026-01-01', client_id: canary },
  });
  await insert('audit_entry', {
    client_id: canary,
    request_id: canary,
    operation: canary,
    object: { canary, domain: DOMAIN },
  });
  await insert('event_counter', { last: 1 });
  await insert('event', {
    ...{ sequence: 1, event_id: randomUUID(), type: 'source-delivery.rejected', domain: DOMAIN, at: new Date() },
    data: { sourceDelivery: canary },
  });
  const webhook = { webhook_id: planted.webhook };
  await insert('webhook', { ...webhook, url: `https://${canary}.example/`, status: 'active', created_by: canary });
  for (const [secret_id, expires_at] of [
    [planted.webhookSecret, new Date(Date.now() + 86_400_000)],
    [randomUUID(), null],
  ])
    await insert('webhook_secret', { ...webhook, secret_id, expires_at, sealed: Buffer.from(canary) });
  await insert('webhook_message', { ...webhook, message_id: randomUUID(), kind: 'test', state: 'delivered' });
  await insert('webhook_attempt', {
    ...{ ...webhook, message_id: randomUUID(), type: canary, at: new Date(), duration_ms: 1, outcome: 'delivered' },
  });
  await insert('delivery', {
    ...{ delivery_id: planted.delivery, subscription_id: planted.subscription, domain: DOMAIN, due_on: '2025-12-01' },
    ...{ promised_at: new Date(), agreed_kind: 'total', tables: [canary], formats: ['csv.gz'], state: 'ready' },
    ...{ package_id: planted.packageId, revision: planted.revision, created_at: new Date(), ready_at: new Date() },
    manifest: `e30.${Buffer.from(JSON.stringify({ ...EMPTY_MANIFEST, delivery: canary })).toString('base64url')}.e30`,
  });
  for (const name of [canary, `${TABLE}.csv.gz`])
    await insert('delivery_file', { delivery_id: planted.delivery, name, bytes: 1, sha256: HASH });
  const receipt = { acknowledged_at: new Date(), receipt: canary };
  await insert('delivery_acknowledgement', { delivery_id: planted.delivery, client_id: canary, ...receipt });
  const slice = { table_name: TABLE, period: '2025', sha256: HASH, schema_hash: HASH };
  await insert('slice_total', { ...slice, domain: DOMAIN, totals: { canary } });
  const remembered = ['createSourceDelivery', 'submitSourceDelivery', 'restoreRevision', 'createPackage'];
  for (const operation of [...remembered, 'createSubscription', 'activateSubscription']) {
    await insert('idempotency_key', {
      ...{
        client_id: planted.clientId,
        key: `${planted.idempotencyKey}-${operation}`,
        operation,
        request_sha256: HASH,
      },
      ...{ status: 201, location: canary, body: { canary } },
    });
  }
  return planted;
}
