// Compiles what answers look like: once for each different schema, however many operations share it.
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler';
import type { FastifySerializerCompiler, FastifyServerOptions } from 'fastify';

type Factory = NonNullable<
  NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>['buildSerializer']
>;

/**
 * Fastify's own compiler with a memory. It compiles one serializer for each operation and status, and those of the problems are all the same: most of
 * the time that the api takes to start.
 */
export const buildSerializer: Factory = (externalSchemas, options) => {
  const compile = SerializerSelector()(externalSchemas, options);
  const compiled = new Map<string, ReturnType<FastifySerializerCompiler<unknown>>>();
  return (route) => {
    const text = JSON.stringify(route.schema);
    const known = compiled.get(text);
    if (known !== undefined) return known;
    const serializer = compile(route);
    compiled.set(text, serializer);
    return serializer;
  };
};
