// The municipality code as a type of its own: text that has been checked, never a bare string from a request.

declare const municipalityCode: unique symbol;

/** Three-digit municipality code as text, e.g. `"615"` (Horsens) or `"999"` (the synthetic test municipality). */
export type MunicipalityCode = string & { readonly [municipalityCode]: true };

/** Rows that belong to no municipality are kept under this code: vendors and the operator itself. No token can name it. */
export const OPERATOR_CODE = '000' as MunicipalityCode;

const PATTERN = /^[0-9]{3}$/;

/** Brands `text` as a municipality code. @throws TypeError when it is not three digits. */
export function municipalityCodeOf(text: string): MunicipalityCode {
  if (!PATTERN.test(text)) throw new TypeError('a municipality code is three digits');
  return text as MunicipalityCode;
}
