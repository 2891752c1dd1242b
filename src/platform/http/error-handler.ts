// Turns whatever goes wrong into a problem answer. No text of a library or of the database ever leaves through here.
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { codeOf, isNoRoom } from '../error-code.ts';
import type { App } from './app-type.ts';
import {
  BODY_TOO_LARGE,
  INTERNAL_ERROR,
  INVALID_REQUEST,
  REQUEST_TIMEOUT,
  UNAVAILABLE,
  UNSUPPORTED_MEDIA_TYPE,
} from './errors.ts';
import { NOT_FOUND, Problem } from './problem.ts';
import { faultsOf } from './request-faults.ts';

const RETRY_AFTER = { 'retry-after': '5' };

/**
 * Errors of connections and of a database that is starting, stopping, full or too slow: PostgreSQL classes 08, 53, 57 and socket codes; and of
 * transactions that met others: given up by PostgreSQL (class 40), or by us after waiting for a lock (55P03) or between two statements (25P03).
 */
const PASSING_FAULT = /^(?:08|40|53|57)[0-9A-Z]{3}$|^(?:55P03|25P03)$|^(?:ECONN|ETIMEDOUT|EPIPE|EAI_)/;

/** What the driver of PostgreSQL says, without a code, when no connection came free in time, or one broke or could not be made. */
const LOST_CONNECTION =
  /^(?:timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error)/;

/** A value that PostgreSQL cannot read: NUL in a text (22021, 22P05), no such form (22P02, 22007) or out of range (22003, 22008). Schemas should have refused it. */
const UNREADABLE_VALUE = /^22(?:021|P05|P02|007|003|008)$/;

/** Answers unknown routes and thrown errors as problems, for the whole server. */
export function registerErrorAnswers(app: App): void {
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, new Problem(NOT_FOUND)));
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = problemOf(error);
    logFailure(request, error, problem);
    // The rest of a body that is not wanted is not waited for.
    if (!request.raw.complete) reply.header('connection', 'close');
    return sendProblem(reply, problem);
  });
}

/** Logs what is ours to mend: not that a sender left before its body was whole, or slow attacks would fill the log. */
export function logFailure(request: FastifyRequest, error: unknown, { type }: Problem): void {
  const { complete, readableAborted } = request.raw;
  if ((type.status >= 500 || isUnreadableValue(error)) && (complete || !readableAborted))
    request.log.error({ request: request.id, code: codeOf(error) }, 'request-failed');
}

/** Answers with a problem. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply
    .code(problem.type.status)
    .headers({ 'cache-control': 'no-store', ...problem.headers })
    .type('application/problem+json')
    .serializer((text: string) => text)
    .send(JSON.stringify(problem.toBody()));
}

/** The problem that tells of an error as much as its sender may know. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { validation, validationContext } = error as FastifyError;
  if (validation !== undefined) return invalidRequest(faultsOf(validation, validationContext ?? 'body'));
  switch (codeOf(error)) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Problem(BODY_TOO_LARGE);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Problem(UNSUPPORTED_MEDIA_TYPE);
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return invalidRequest([{ place: 'body', expected: 'a JSON document' }]);
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return invalidRequest([{ place: 'headers/content-length', expected: 'the length of the body' }]);
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new Problem(NOT_FOUND);
  }
  if (isUnreadableValue(error)) return invalidRequest([{ place: 'request', expected: 'values as documented' }]);
  if (isPassingFault(error)) return new Problem(UNAVAILABLE, undefined, {}, RETRY_AFTER);
  return new Problem(INTERNAL_ERROR);
}

function invalidRequest(faults: readonly { place: string; expected: string }[]): Problem {
  return new Problem(INVALID_REQUEST, undefined, { faults });
}

function isUnreadableValue(error: unknown): boolean {
  return UNREADABLE_VALUE.test(codeOf(error));
}

function isPassingFault(error: unknown): boolean {
  return isNoRoom(error) || PASSING_FAULT.test(codeOf(error)) || LOST_CONNECTION.test((error as Error)?.message);
}

/** @returns what answers a connection whose bytes are no HTTP request, or came too slowly, with `headers` among its own; then closes it. */
export function createClientErrorHandler(headers: Readonly<Record<string, string>>) {
  const fixed = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return (error: NodeJS.ErrnoException, socket: Socket): void => answerClientError(error, socket, fixed.join(''));
}

function answerClientError(error: NodeJS.ErrnoException, socket: Socket, fixed: string): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const slow = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const problem = slow
    ? new Problem(REQUEST_TIMEOUT)
    : invalidRequest([{ place: 'request', expected: 'HTTP/1.1 with headers of at most 16 KiB' }]);
  const body = JSON.stringify(problem.toBody());
  const status = slow ? '408 Request Timeout' : '400 Bad Request';
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n${fixed}\r\n${body}`,
  );
}
