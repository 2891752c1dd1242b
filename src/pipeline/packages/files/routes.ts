// Routes of the files of packages, and the one way in which their bytes leave, which deliveries of them take too. Schema, one call, status.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { principalOf, tenantOf, watchCaller } from '../../../access/index.ts';
import { errorAnswers } from '../../../platform/http/answers.ts';
import type { App } from '../../../platform/http/app.ts';
import { INVALID_REQUEST, RANGE_NOT_SATISFIABLE } from '../../../platform/http/errors.ts';
import { NOT_FOUND } from '../../../platform/http/problem.ts';
import type { Sent } from '../../../platform/http/send-bytes.ts';
import { planAnswer, type SentRange, sendFile } from '../../../platform/http/send-file.ts';
import type { ObjectStorage } from '../../../platform/storage/storage.ts';
import { readParts } from '../../../slices/index.ts';
import { PACKAGE_EXPIRED, PACKAGE_FAILED, PACKAGE_NOT_READY, PACKAGE_REVOKED, PARQUET_NOT_READY } from '../errors.ts';
import { type OpenFileDeps, openFile } from '../open-file.ts';
import { ARCHIVE, MEDIA_TYPES } from '../rules.ts';
import * as schemas from '../schemas.ts';
import * as fileSchemas from '../schemas-files.ts';

const tags = ['Packages'];

export interface SendFileDeps extends OpenFileDeps {
  readonly storage: ObjectStorage;
}

export interface SentPackageFile {
  readonly packageId: string;
  readonly name: string;
  /** As the audit log names it. */
  readonly operation: string;
  /** Is told once, when the answer has ended, which bytes of the file the connection has taken; not when there were none. */
  onSent?(sent: SentRange): void;
}

/** What such a download can be refused with. */
export const fileErrors = errorAnswers(
  INVALID_REQUEST,
  NOT_FOUND,
  PACKAGE_NOT_READY,
  PACKAGE_FAILED,
  PACKAGE_REVOKED,
  PACKAGE_EXPIRED,
  RANGE_NOT_SATISFIABLE,
);

/** Answers with the file, or a range of it, if it exists for the caller. @throws Problem as `openFile` and `sendFile` do */
export async function sendPackageFile(
  deps: SendFileDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { packageId, name, operation, onSent }: SentPackageFile,
): Promise<never> {
  const scopes = [...principalOf(request).scopes];
  // From before the rights are looked at in the transaction until the last byte: no change of them falls between.
  const watched = watchCaller(request);
  try {
    const { file, fileName, transfer } = await openFile(deps, tenantOf(request), {
      ...{ packageId, name, scopes, operation },
      ...{ method: request.method, isRange: request.headers.range !== undefined },
      answerWith: (file) => planAnswer(request, file),
    });
    const { bytes, sha256, mediaType, parts } = file;
    let start = 0;
    const open = (range: SentRange | undefined) => {
      start = range?.start ?? 0;
      return watched.guard(readParts(deps.storage, parts, range));
    };
    const ended = (sent: Sent) => {
      transfer.ended(sent);
      if (sent.taken > 0) onSent?.({ start, end: start + sent.taken - 1 });
    };
    const answer = { bytes, sha256, mediaType, fileName, open, ended, signal: watched.signal };
    return (await sendFile(request, reply, answer).catch((error) => {
      transfer.ended({ bytes: 0, complete: false });
      throw error;
    })) as never;
  } finally {
    watched.stop();
  }
}

/** Registers the downloads of packages. */
export function registerDownloads(scoped: App, deps: SendFileDeps): void {
  const download = (request: FastifyRequest, reply: FastifyReply, packageId: string, name: string) =>
    sendPackageFile(deps, request, reply, {
      packageId,
      name,
      operation: name === ARCHIVE ? 'getPackageArchive' : 'getPackageFile',
    });

  scoped.route({
    method: 'GET',
    url: '/v1/packages/:id/files/:name',
    schema: {
      operationId: 'getPackageFile',
      summary: 'Download a table',
      description:
        'A table as one gzip member of CSV, or as Parquet. The first demand for a Parquet file makes it, which may need a second try. Ranges, If-Range and HEAD are supported; the length is always known.',
      tags,
      params: schemas.fileParams,
      headers: schemas.fileHeaders,
      response: {
        ...fileSchemas.fileAnswers(MEDIA_TYPES.gzip, MEDIA_TYPES.parquet),
        ...fileErrors,
        ...errorAnswers(PARQUET_NOT_READY),
      },
    },
    handler: (request, reply) => download(request, reply, request.params.id, request.params.name),
  });

  scoped.route({
    method: 'GET',
    url: '/v1/packages/:id/archive.zip',
    schema: {
      operationId: 'getPackageArchive',
      summary: 'Download all tables',
      description:
        'A ZIP archive with `datapackage.json` and every table as CSV. Ranges, If-Range and HEAD are supported.',
      tags,
      params: schemas.packageParams,
      headers: schemas.fileHeaders,
      response: { ...fileSchemas.fileAnswers(MEDIA_TYPES.zip), ...fileErrors },
    },
    handler: (request, reply) => download(request, reply, request.params.id, ARCHIVE),
  });
}
