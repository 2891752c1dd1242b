// The problems that any operation can answer, whatever stage it belongs to. Stages declare their own in their `errors.ts`.
import { defineProblem } from './problem.ts';

export const INVALID_REQUEST = defineProblem({
  code: 'invalid-request',
  status: 400,
  title: 'The request is not as documented',
  action: 'Correct the places listed in `faults`, then send the request again.',
});

export const INVALID_HOST = defineProblem({
  code: 'invalid-host',
  status: 400,
  title: 'The request does not name one host',
  action: 'Send one Host header with the host and port of the address, and nothing else.',
});

export const UNKNOWN_HOST = defineProblem({
  code: 'unknown-host',
  status: 421,
  title: 'The service is not published under this host',
  action: 'Use the address that the operator has published; the operator can configure further ones.',
});

export const INVALID_CURSOR = defineProblem({
  code: 'invalid-cursor',
  status: 400,
  title: 'The cursor does not come from this service',
  action: 'Follow `next` exactly as it was given, or start over without a cursor.',
});

export const REQUEST_TIMEOUT = defineProblem({
  code: 'request-timeout',
  status: 408,
  title: 'The request did not arrive in time',
  action: 'Send the request again over a faster or steadier connection.',
});

export const BODY_TOO_LARGE = defineProblem({
  code: 'body-too-large',
  status: 413,
  title: 'The body is larger than this operation takes',
  action: 'Send a smaller body; the limits are in the description of the operation.',
});

export const UNSUPPORTED_MEDIA_TYPE = defineProblem({
  code: 'unsupported-media-type',
  status: 415,
  title: 'This operation does not take this media type',
  action: 'Send one of the media types that the operation documents, and say so in Content-Type.',
});

export const INTERNAL_ERROR = defineProblem({
  code: 'internal-error',
  status: 500,
  title: 'The service failed',
  action: 'Try again; if it fails again, report the value of the Request-Id header.',
});

export const UNAVAILABLE = defineProblem({
  code: 'unavailable',
  status: 503,
  title: 'The service cannot answer right now',
  action: 'Try again after the number of seconds in the Retry-After header.',
});

export const RANGE_NOT_SATISFIABLE = defineProblem({
  code: 'range-not-satisfiable',
  status: 416,
  title: 'The file has no bytes in this range',
  action: 'Ask for a range inside the file; its length is in the Content-Range header.',
});
