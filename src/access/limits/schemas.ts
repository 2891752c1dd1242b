// The wire shapes of limits. Numbers stand in answers alone: they come from the configuration.
import Type from 'typebox';
import type { Limiter } from './create-limiter.ts';
import type { Spender } from './rules.ts';

const whole = (description: string) => Type.Integer({ description });

/** How a caller stands with each of its limits. */
export const standingsSchema = Type.Array(
  Type.Object({
    policy: Type.Enum(['client', 'client-municipality'], {
      type: 'string',
      description:
        'What is counted: all requests of the client, or those of the client for this municipality. Each request counts for both.',
    }),
    quota: whole('Requests that may come at once.'),
    windowSeconds: whole('Seconds in which as many come back, evenly.'),
    remaining: whole('Requests left now.'),
    resetSeconds: whole('Seconds until all are back, if none are made.'),
  }),
  { description: 'The limits of requests.' },
);

export const standingsExample = [
  { policy: 'client', quota: 1000, windowSeconds: 10, remaining: 988, resetSeconds: 1 },
  { policy: 'client-municipality', quota: 500, windowSeconds: 10, remaining: 488, resetSeconds: 1 },
];

/** @returns how the caller stands, in the shape of `standingsSchema` */
export function presentStandings(limiter: Limiter, spender: Spender) {
  return limiter.standings(spender).map(({ left, ...standing }) => ({ ...standing, remaining: left }));
}

export const limitsSchema = Type.Object(
  {
    requests: standingsSchema,
    sizes: Type.Object(
      {
        bodyBytes: whole('Of a JSON body.'),
        fileBytes: whole('Of a received file, as sent.'),
        inflatedFileBytes: whole('Of a received file, inflated.'),
        inflationRatio: whole('Bytes that one compressed byte may become.'),
      },
      { description: 'The largest that is taken.' },
    ),
    pages: Type.Array(
      Type.Object({
        items: whole('Items of a page when no `limit` is given.'),
        most: whole('The largest `limit`.'),
        of: Type.Enum(['lists', 'values'], {
          type: 'string',
          description: '`values`: those of key figures; `lists`: all others.',
        }),
      }),
      { description: 'Sizes of pages.' },
    ),
    timeouts: Type.Object(
      {
        headersSeconds: whole('Until the headers of a request are there.'),
        requestSeconds: whole('Until all of a request is there, an upload included.'),
        idleSeconds: whole('That a connection is kept without a request.'),
      },
      { description: 'How long the service waits.' },
    ),
    connections: whole('Connections open at a time at one process, of all callers together.'),
  },
  {
    description: 'What the service takes from the caller.',
    examples: [
      {
        requests: standingsExample,
        sizes: {
          bodyBytes: 65_536,
          fileBytes: 4_294_967_296,
          inflatedFileBytes: 21_474_836_480,
          inflationRatio: 200,
        },
        pages: [
          { of: 'lists', items: 100, most: 1000 },
          { of: 'values', items: 1000, most: 10_000 },
        ],
        timeouts: { headersSeconds: 15, requestSeconds: 3600, idleSeconds: 72 },
        connections: 2000,
      },
    ],
  },
);
