// What the data of an event can be made of. There is no field for free text: a string is an id, a domain, a declared name, a code, a day or a time, none of
// which has room for a person.
import Type, { type TSchema } from 'typebox';

declare const fieldBrand: unique symbol;

/** A field of an event's data; only the functions here make one. */
export type Field<T extends TSchema = TSchema> = T & { readonly [fieldBrand]: true };

function field<T extends TSchema>(schema: T): Field<T> {
  return schema as Field<T>;
}

/** A UUID of this service: of a source delivery, package, delivery … */
export const uuid = (description: string) =>
  field(Type.String({ pattern: '^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$', description }));

/** An id of the register: a client (`615.7m2kq9x4v0t8d3hn`) or an access key (16 characters). */
export const registerId = (description: string) =>
  field(Type.String({ pattern: '^(?:[0-9]{3}\\.)?[0-9a-hjkmnp-tv-z]{16}$', description }));

/** A release: domain and number, `borger-3`. */
export const releaseId = (description: string) =>
  field(Type.String({ pattern: '^[a-z][a-z-]{0,62}-[1-9][0-9]{0,5}$', description }));

/** A day, `2027-10-31`. */
export const day = (description: string) =>
  field(Type.String({ pattern: '^[0-9]{4}-[01][0-9]-[0-3][0-9]$', description }));

/** An instant as `toISOString` writes it. */
export const instant = (description: string) =>
  field(
    Type.String({
      pattern: '^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\\.[0-9]{3}Z$',
      description,
    }),
  );

/** One of a few words that are listed here. */
export const code = <const Codes extends readonly string[]>(codes: Codes, description: string) =>
  field(Type.Enum([...codes] as Codes[number][], { type: 'string', description }));

/** A number of things. It has fewer digits than a CPR number. */
export const count = (description: string) => field(Type.Integer({ minimum: 0, maximum: 99_999_999, description }));

/** The data of a type of event: these fields and no others. */
export function dataOf<Fields extends Record<string, Field>>(fields: Fields) {
  return Type.Object(fields, { additionalProperties: false });
}
