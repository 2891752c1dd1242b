// Writes the committed files that follow from the code: openapi/openapi.json and openapi/errors.md describe the interface, db/schema/declared.json the
// tables. Tests compare them with the code.
import { writeFile } from 'node:fs/promises';
import { pino } from 'pino';
import { buildApp } from './app.ts';
import { describeDeps } from './describe-deps.ts';
import { type ProblemType, problemTypes } from './platform/http/problem.ts';

const FOLDER = new URL('../openapi/', import.meta.url);
const TABLES = new URL('../db/schema/declared.json', import.meta.url);
const ERROR_MEDIA_TYPE = 'application/problem+json';

/** The files' texts as the code has them. */
export interface ApiDescription {
  readonly openApi: string;
  readonly errors: string;
  /** Operations by the problem code that they can answer. */
  readonly operationsByCode: ReadonlyMap<string, readonly string[]>;
}

interface Operation {
  readonly operationId: string;
  readonly responses: Record<string, { content?: Record<string, { schema: ProblemSchema }> }>;
}

interface ProblemSchema {
  readonly allOf: readonly [unknown, { readonly properties: { readonly code: { readonly enum: readonly string[] } } }];
}

/** Builds the app without anything behind it and describes it. */
export async function describeApi(): Promise<ApiDescription> {
  const deps = await describeDeps(pino({ enabled: false }));
  const app = await buildApp(deps);
  try {
    await app.ready();
    const document = app.swagger() as unknown as { paths: Record<string, Record<string, Operation>> };
    const operationsByCode = codesOf(Object.values(document.paths).flatMap((path) => Object.values(path)));
    return {
      openApi: `${JSON.stringify(document, null, 2)}\n`,
      errors: errorsText(operationsByCode),
      operationsByCode,
    };
  } finally {
    await app.close();
    await deps.close();
  }
}

/** The command `openapi`: writes all of them. */
export async function runOpenApi(): Promise<number> {
  const { openApi, errors } = await describeApi();
  await writeFile(new URL('openapi.json', FOLDER), openApi);
  await writeFile(new URL('errors.md', FOLDER), errors);
  // Loaded here alone: the tables bring drizzle-orm with them.
  const { describeTables } = await import('../db/schema/index.ts');
  await writeFile(TABLES, describeTables());
  return 0;
}

function codesOf(operations: readonly Operation[]): Map<string, string[]> {
  const byCode = new Map<string, string[]>();
  for (const { operationId, responses } of operations) {
    for (const { content } of Object.values(responses)) {
      for (const code of content?.[ERROR_MEDIA_TYPE]?.schema.allOf[1].properties.code.enum ?? []) {
        byCode.set(code, [...(byCode.get(code) ?? []), operationId]);
      }
    }
  }
  return byCode;
}

function errorsText(operationsByCode: ReadonlyMap<string, readonly string[]>): string {
  const types = [...problemTypes().values()].sort((a, b) => (a.code < b.code ? -1 : 1));
  const sections = types.map((type) => errorText(type, operationsByCode.get(type.code) ?? []));
  return `# Error codes

Every error is a problem detail (RFC 9457, \`application/problem+json\`) with a stable \`code\`. This list is made by \`npm run openapi\`.

${sections.join('\n')}`;
}

function errorText(type: ProblemType, operations: readonly string[]): string {
  return `## ${type.code}

${type.status} · ${type.title}.

What to do: ${type.action}

Operations: ${[...operations]
    .sort()
    .map((id) => `\`${id}\``)
    .join(', ')}
`;
}
