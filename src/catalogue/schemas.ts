// The wire shapes of domains, municipalities, groups and rules. Texts are in one language, that of the answer.
import Type, { type Static, type TSchema } from 'typebox';

/** A value or null, described once. */
export const nullable = <T extends TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });

/** A whole list, in the envelope of every listing. */
export const listOf = <T extends TSchema>(item: T, description: string, example: Static<T>) =>
  Type.Object(
    {
      items: Type.Array(item, { description }),
      next: Type.Null({ description: 'Always null: the list is whole.' }),
    },
    { description, examples: [{ items: [example], next: null }] },
  );

export const languageHeaders = Type.Object({
  'accept-language': Type.Optional(
    Type.String({ description: 'Language of the texts: `da` (also when absent) or `en`.', examples: ['en'] }),
  ),
});

export const domainParams = Type.Object({
  domain: Type.String({ pattern: '^[a-z][a-z0-9-]{0,62}$', description: 'Id of the domain, e.g. `borger`.' }),
});
export const tableParams = Type.Object({
  table: Type.String({ pattern: '^[a-z][a-z0-9_]{0,62}$', description: 'Name of the table, e.g. `bor_befolkning`.' }),
});
export const keyFigureParams = Type.Object({
  id: Type.String({ pattern: '^[A-Z][A-Z0-9-]{0,31}$', description: 'Id of the key figure, e.g. `BO05`.' }),
});

/** Narrows a list to one domain. */
export const domainQuery = Type.Object(
  {
    domain: Type.Optional(
      Type.String({ pattern: '^[a-z][a-z0-9-]{0,62}$', description: 'Only of this domain; all domains if not given.' }),
    ),
  },
  { additionalProperties: false },
);

const exampleDomain = {
  id: 'borger',
  title: 'Citizens',
  description: 'The population on the 1st of each month by sex and age, with births, deaths and moves.',
  sources: ['cpr'],
  tables: ['bor_befolkning', 'bor_bevaegelse'],
  keyFigures: ['BO05', 'BO06'],
  frequencies: ['daily' as const, 'weekly' as const, 'monthly' as const],
  plannedFrequencies: [{ validFrom: '2027-08-01', frequencies: ['weekly' as const, 'monthly' as const] }],
};

const frequencies = (description: string) => Type.Array(Type.Enum(['monthly', 'weekly', 'daily']), { description });

export const domainSchema = Type.Object(
  {
    id: Type.String({ description: 'Id of the domain.' }),
    title: Type.String({ description: 'Title.' }),
    description: Type.String({ description: 'What the domain is about.' }),
    sources: Type.Array(Type.String(), { description: 'Source systems that can deliver to it.' }),
    tables: Type.Array(Type.String(), { description: 'Names of its tables; read them at `/v1/tables/{table}`.' }),
    keyFigures: Type.Array(Type.String(), {
      description: 'Ids of its key figures; read them at `/v1/key-figures/{id}`.',
    }),
    frequencies: frequencies('How often it can be delivered, as of today: what its sources allow.'),
    plannedFrequencies: Type.Array(
      Type.Object({
        validFrom: Type.String({ format: 'date', description: 'First day of the change.' }),
        frequencies: frequencies('How often it can be delivered from then on.'),
      }),
      { description: 'Changes to come, in order.' },
    ),
  },
  { description: 'A domain of data.', examples: [exampleDomain] },
);

export const domainListSchema = listOf(domainSchema, 'The domains, by id.', exampleDomain);

const exampleMunicipality = {
  code: '615',
  name: 'Horsens',
  region: '1082',
  landsdel: 'Østjylland',
  population: 98_806,
  synthetic: false,
};

const municipalitySchema = Type.Object({
  code: Type.String({ description: 'Three-digit municipality code.' }),
  name: Type.String({ description: 'Name, in Danish.' }),
  region: Type.String({ description: 'Code of the region, 1081–1085; 9999 for the synthetic municipality.' }),
  landsdel: Type.String({ description: 'Name of the landsdel (NUTS 3), in Danish.' }),
  population: Type.Integer({ description: 'Inhabitants on 1 January 2026 (Statistics Denmark).' }),
  synthetic: Type.Boolean({ description: 'Whether it is the invented municipality for tests, which is in no group.' }),
});

export const municipalityListSchema = listOf(
  municipalitySchema,
  'The municipalities, by code, the synthetic one last.',
  exampleMunicipality,
);

const groupSchema = Type.Object({
  id: Type.String({ description: 'Id of the group, to use as `group` when reading key figures.' }),
  title: Type.String({ description: 'Title.' }),
  municipalities: Type.Array(Type.String(), { description: 'Codes of its municipalities, in order.' }),
});

export const groupListSchema = listOf(groupSchema, 'The comparison groups.', {
  id: '7-by',
  title: 'The 7-city network',
  municipalities: ['615', '657', '661', '730', '740', '779', '791'],
});

export const ruleSchema = Type.Object({
  id: Type.String({ description: 'Id of the rule, as findings name it; unique within its domain.' }),
  domain: Type.String({ description: 'Domain of the rule.' }),
  table: Type.String({ description: 'Table that it is about.' }),
  column: nullable(Type.String(), 'Column that it is about; null when it is about whole rows.'),
  severity: Type.Enum(['stop', 'error', 'warning', 'info'], {
    description:
      '`stop` rejects the delivery; `error` marks released values as unvalidated; `warning` and `info` tell.',
  }),
  scope: Type.Enum(['row', 'slice', 'domain'], {
    description: 'What it looks at: one row, the rows of one period, or several periods or tables.',
  }),
  title: Type.String({ description: 'Title.' }),
  message: Type.String({ description: 'What is wrong and what to do about it.' }),
  sql: Type.String({
    description: 'How it is found, as SQL: a predicate of the faulty row, or a query for the faults.',
  }),
});

export const exampleRule = {
  id: 'DQ17-aldersbaand',
  domain: 'borger',
  table: 'bor_befolkning',
  column: 'alder_til',
  severity: 'stop' as const,
  scope: 'row' as const,
  title: 'Age band ends before it begins',
  message: 'alder_til is below alder_fra.',
  sql: 'alder_til < alder_fra',
};

export const ruleListSchema = listOf(ruleSchema, 'The quality rules, by domain in the order declared.', exampleRule);
