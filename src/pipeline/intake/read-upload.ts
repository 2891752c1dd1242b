// What the headers and parameters of an upload say about its bytes. Pure; a request that says nonsense is refused before a byte is read.
import { BODY_TOO_LARGE, INVALID_REQUEST, UNSUPPORTED_MEDIA_TYPE } from '../../platform/http/errors.ts';
import { Problem } from '../../platform/http/problem.ts';
import type { DeclaredDialect, Encoding } from './read-header.ts';

export interface UploadHeaders {
  readonly 'content-type'?: string | undefined;
  readonly 'content-encoding'?: string | undefined;
  readonly 'content-digest'?: string | undefined;
  readonly 'content-length'?: string | undefined;
}

export interface UploadParameters {
  readonly delimiter?: 'comma' | 'semicolon' | undefined;
  readonly decimalMark?: 'point' | 'comma' | undefined;
  readonly encoding?: Encoding | undefined;
  readonly rows?: string | undefined;
}

/** How the bytes come in. */
export interface Upload {
  readonly compression: 'none' | 'gzip';
  readonly declared: DeclaredDialect;
  /** sha256 (hex) that the bytes as sent must have; `undefined` when none was announced. */
  readonly sha256: string | undefined;
  /** Data rows that the file must have; null when none were announced. */
  readonly announcedRows: number | null;
}

const CHARSETS: Record<string, Encoding> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  'iso-8859-1': 'iso-8859-1',
  latin1: 'iso-8859-1',
};

/** The sha-256 of a Content-Digest dictionary (RFC 9530); other algorithms beside it are left alone. */
function readDigest(header: string): string {
  const digest = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:;[^,]*)?(?=,|$)/.exec(header)?.[1];
  const bytes = digest === undefined ? undefined : Buffer.from(digest, 'base64');
  if (bytes === undefined || bytes.toString('base64') !== digest) {
    throw new Problem(INVALID_REQUEST, undefined, {
      faults: [{ place: 'headers/content-digest', expected: 'sha-256=:<base64 of the digest>: (RFC 9530)' }],
    });
  }
  return bytes.toString('hex');
}

/**
 * @returns how the bytes of a request are to be read.
 * @throws Problem `unsupported-media-type`, `invalid-request`, or `body-too-large` when the announced length is beyond `maxBytes`.
 */
export function readUpload(headers: UploadHeaders, parameters: UploadParameters, maxBytes: number): Upload {
  const [mediaType = '', ...rest] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = rest
    .map((part) => /^\s*charset="?([^"\s]+)"?\s*$/.exec(part)?.[1])
    .find((part) => part !== undefined);
  const coding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  const gzipType = mediaType.trim() === 'application/gzip';
  if (!['identity', 'gzip', 'x-gzip'].includes(coding) || (gzipType && coding !== 'identity')) {
    throw new Problem(
      UNSUPPORTED_MEDIA_TYPE,
      'Files are taken plain or compressed once with gzip.',
      {},
      { 'accept-encoding': 'gzip' },
    );
  }
  const ofCharset = charset === undefined ? undefined : CHARSETS[charset];
  if (charset !== undefined && ofCharset === undefined) {
    throw new Problem(UNSUPPORTED_MEDIA_TYPE, 'Files are taken in UTF-8 and ISO-8859-1.');
  }
  const { encoding, delimiter } = parameters;
  if (ofCharset !== undefined && encoding !== undefined && ofCharset !== encoding) {
    throw new Problem(INVALID_REQUEST, undefined, {
      faults: [{ place: 'query/encoding', expected: 'the same as the charset in Content-Type, or nothing' }],
    });
  }
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw new Problem(BODY_TOO_LARGE, undefined, { maxBytes });
  return {
    compression: gzipType || coding !== 'identity' ? 'gzip' : 'none',
    declared: {
      delimiter: delimiter === undefined ? undefined : delimiter === 'comma' ? ',' : ';',
      decimalMark: parameters.decimalMark,
      encoding: encoding ?? ofCharset,
    },
    sha256: headers['content-digest'] === undefined ? undefined : readDigest(headers['content-digest']),
    announcedRows: parameters.rows === undefined ? null : Number(parameters.rows),
  };
}
