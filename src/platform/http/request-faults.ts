// Says where a request departs from its schema and what is expected there. Values that were sent are never repeated.
import type { FastifySchemaValidationError } from 'fastify';

/** One place at fault. */
export interface RequestFault {
  /** `body`, `query`, `params` or `headers`, and the path within; `request` for what is none of these. */
  readonly place: string;
  readonly expected: string;
}

/** Enough to correct a request by; a long list repeats itself. */
const MOST_FAULTS = 20;

interface AjvError extends FastifySchemaValidationError {
  readonly parentSchema?: Record<string, unknown>;
}

/** The faults that Ajv found in one part of a request. */
export function faultsOf(errors: readonly FastifySchemaValidationError[], part: string): RequestFault[] {
  // Of an anyOf the branches are listed first and the anyOf itself last; one sentence about the place is enough.
  const places = new Map<string, RequestFault>();
  for (const error of errors as readonly AjvError[]) {
    const place = placeOf(error, part);
    places.set(place, { place, expected: expectedOf(error) });
  }
  return [...places.values()].slice(0, MOST_FAULTS);
}

function placeOf(error: AjvError, part: string): string {
  const at = `${part === 'querystring' ? 'query' : part}${error.instancePath}`;
  const missing = error.params?.missingProperty;
  return typeof missing === 'string' ? `${at}/${missing}` : at;
}

function expectedOf({ keyword, params, parentSchema = {} }: AjvError): string {
  switch (keyword) {
    case 'required':
      return 'this field must be given';
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return `only the fields ${Object.keys((parentSchema.properties as object) ?? {}).join(', ') || '(none)'}`;
    case 'enum':
      return `one of ${(params.allowedValues as unknown[]).join(', ')}`;
    case 'const':
      return `${String(params.allowedValue)}`;
    case 'anyOf':
    case 'oneOf':
      return alternativesOf(parentSchema);
    case 'pattern':
      return `text of the form ${String(params.pattern)}`;
    case 'format':
      return `text of the format ${String(params.format)}`;
    case 'type':
      return `a value of type ${String(params.type)}`;
    case 'minLength':
    case 'maxLength':
      return `text of ${parentSchema.minLength ?? 0} to ${parentSchema.maxLength ?? 'any number of'} characters`;
    case 'minItems':
    case 'maxItems':
      return `${parentSchema.minItems ?? 0} to ${parentSchema.maxItems ?? 'any number of'} items`;
    default:
      return 'a value as documented for this operation';
  }
}

function alternativesOf(schema: Record<string, unknown>): string {
  const branches = (schema.anyOf ?? schema.oneOf ?? []) as { const?: unknown }[];
  const constants = branches.flatMap((branch) => (branch.const === undefined ? [] : [String(branch.const)]));
  return constants.length === branches.length ? `one of ${constants.join(', ')}` : 'one of the documented alternatives';
}
