// Manifests and archive descriptors of every declared domain against the Frictionless profile, and that the check can fail.
import { readFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import t from 'tap';
import type { Domain } from '../../src/domains/definition.ts';
import { loadCatalogue } from '../../src/domains/index.ts';
import { describeArchive, describePackage, type PackageFacts } from '../../src/pipeline/packages/describe-package.ts';
import { presentManifest } from '../../src/pipeline/packages/present-package.ts';
import type { DataPackage } from '../../src/pipeline/packages/store.ts';

const profile = JSON.parse(await readFile(new URL('frictionless/datapackage-2.0.json', import.meta.url), 'utf8'));
const ajv = new Ajv({ strict: false, allErrors: true });
addFormats.default(ajv);
const validate = ajv.compile(profile);
const { domains } = await loadCatalogue();

const ordered: DataPackage = {
  id: '6f1c9f0a-52b7-4a52-8a3e-0f8a54a1a4de',
  domain: 'any',
  kind: 'total',
  revision: 12,
  since: null,
  state: 'ready',
  failure: null,
  createdAt: new Date('2026-01-15T08:00:12Z'),
  readyAt: new Date('2026-01-15T08:00:13Z'),
  keptUntil: new Date('2027-02-15T08:00:13Z'),
  revokedAt: null,
  revocationReason: null,
  cursor: '',
};
const identity = {
  name: 'identitet.csv.gz',
  mediaType: 'application/gzip',
  scope: 'cpr:read' as const,
  rows: 2,
  bytes: 90,
  sha256: 'ab'.repeat(32),
  parts: [],
};

function describe(domain: Domain, since: number | null) {
  const facts: PackageFacts = {
    id: ordered.id,
    municipality: '615',
    domain: domain.id,
    kind: since === null ? 'total' : 'delta',
    revision: 12,
    since,
    createdAt: ordered.createdAt.toISOString(),
    revisedAt: ordered.createdAt.toISOString(),
  };
  const file = { bytes: 1000, hash: `sha256:${'0f'.repeat(32)}` };
  const tables = domain.tables.map((table) => ({ table, rows: 7, plainBytes: 5000, file }));
  const stored = JSON.parse(JSON.stringify(describePackage(domain, facts, tables, file)));
  return {
    manifest: presentManifest(
      { ...ordered, domain: domain.id, since },
      stored,
      '615',
      'https://flis.example',
      identity,
    ),
    archive: JSON.parse(describeArchive(domain, facts, tables)),
  };
}

for (const domain of domains) {
  t.test(`packages of ${domain.id} are Frictionless Data Packages`, async (t) => {
    for (const since of [null, 3]) {
      for (const [name, descriptor] of Object.entries(describe(domain, since))) {
        t.ok(validate(descriptor), `${name}: ${ajv.errorsText(validate.errors)}`);
      }
    }
    const { manifest, archive } = describe(domain, null);
    t.strictSame(
      archive.resources.map((resource: { name: string }) => resource.name),
      domain.tables.map(({ name }) => name),
    );
    t.ok(archive.resources.every((resource: object) => !('hash' in resource)));
    t.match(manifest.archive.path, /^https:\/\/flis\.example\/v1\/packages\/.*\/archive\.zip$/);
  });
}

t.test('fields tell type, unit, code list, keys and where an empty text is a value', async (t) => {
  const fieldsOf = (domainId: string, table: string) => {
    const domain = domains.find(({ id }) => id === domainId);
    const resource =
      domain && describe(domain, null).archive.resources.find(({ name }: { name: string }) => name === table);
    return Object.fromEntries(resource.schema.fields.map((field: { name: string }) => [field.name, field]));
  };
  const accounts = fieldsOf('oekonomi', 'oko_regnskab');
  t.match(accounts.omkostningssted, { type: 'string', missingValues: [] });
  t.notOk(accounts.omkostningssted.constraints.required);
  t.match(accounts.kommunekode, { type: 'string', constraints: { required: true, pattern: '^[0-9]{3}$' } });
  const events = fieldsOf('borger', 'bor_bevaegelse');
  t.match(events.borger_id, { type: 'string', sensitivity: 'personal', constraints: { pattern: '^[0-9a-f]{32}$' } });
  t.match(events.alder, { type: 'integer', unit: 'år' });
  t.match(events.haendelse.categories[0], { value: 'foedt', label: 'Født' });
  t.match(events.fra_kommune.constraints, { required: undefined });
});

t.test('the profile refuses what it should', async (t) => {
  const [domain] = domains;
  if (domain === undefined) throw new Error('no domain');
  const broken = (change: (descriptor: ReturnType<typeof describe>['archive']) => void) => {
    const descriptor = structuredClone(describe(domain, null).archive);
    change(descriptor);
    return validate(descriptor);
  };
  t.notOk(
    broken((descriptor) => {
      descriptor.resources = [];
    }),
  );
  t.notOk(
    broken((descriptor) => {
      descriptor.resources[0].path = '/etc/passwd';
    }),
  );
  t.notOk(
    broken((descriptor) => {
      descriptor.resources[0].hash = 'sha256:nothex';
    }),
  );
  t.notOk(
    broken((descriptor) => {
      descriptor.resources[0].schema.fields[0].type = 'text';
    }),
  );
  t.notOk(
    broken((descriptor) => {
      descriptor.resources[0].schema.fields[0].constraints.required = 'yes';
    }),
  );
  t.notOk(
    broken((descriptor) => {
      descriptor.created = 'yesterday';
    }),
  );
});
