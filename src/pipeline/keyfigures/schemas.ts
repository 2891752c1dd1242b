// Wire shapes that releases and values have in common.
import Type from 'typebox';

export const nullable = <T extends Type.TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });

export const releaseFields = {
  releaseId: Type.String({ description: 'Id of the release, e.g. `borger-3`: domain and number.' }),
  publishedAt: Type.String({ format: 'date-time', description: 'When it was published.' }),
};

export const cursor = Type.Optional(
  Type.String({ maxLength: 1024, description: 'Where the page starts; taken from `next` of the page before.' }),
);

export const next = nullable(Type.String(), 'Absolute address of the next page; null on the last.');

export const format = Type.Optional(
  Type.Enum(['json', 'csv'], { type: 'string', description: 'Form of the answer; else Accept decides.' }),
);

export const status = Type.Enum(['ok', 'suppressed', 'missing', 'unvalidated'], {
  type: 'string',
  description:
    '`ok`. `suppressed`: withheld, because small counts of persons could be read from it. `missing`: see reason. `unvalidated`: `error` findings are open in the data behind it.',
});

export const reason = nullable(
  Type.String(),
  'Null when ok. Missing: `no-data`, `age-bands`, `zero-denominator`, `no-base-year`, `incomplete-period`. Suppressed: `small-count`. Unvalidated: `open-errors`.',
);

export const exampleRelease = { releaseId: 'borger-3', publishedAt: '2026-02-01T06:00:00.000Z' };
