// Wire shapes that the register, access keys and the caller's own page have in common.
import Type from 'typebox';
import { NAME_FORM, PLAIN_CHARACTER } from '../platform/http/wire-forms.ts';
import { SCOPES, type Scope } from './scopes.ts';

export const nullable = <T extends Type.TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });

export const plainText = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, pattern: `^${PLAIN_CHARACTER}+$`, description });

const SCOPE_NAMES = Object.keys(SCOPES) as Scope[];

export const scopesOf = (names: readonly Scope[], description: string) =>
  Type.Array(Type.Enum([...names], { type: 'string' }), { uniqueItems: true, maxItems: names.length, description });

export const scopes = (description: string) => scopesOf(SCOPE_NAMES, description);

const domainNames = Type.Array(Type.String({ maxLength: 64, ...NAME_FORM }), {
  minItems: 1,
  maxItems: 50,
  uniqueItems: true,
});

export const domains = nullable(domainNames, 'Ids of the domains that it is for; null: every domain.');

export const cursor = Type.Optional(
  Type.String({ maxLength: 1024, description: 'Where the page starts; taken from `next` of the page before.' }),
);

export const next = nullable(Type.String(), 'Absolute address of the next page; null on the last.');

export const time = (description: string) => Type.String({ format: 'date-time', description });

export const status = Type.Enum(['active', 'disabled'], {
  type: 'string',
  description: '`disabled`: everything it holds is refused.',
});
