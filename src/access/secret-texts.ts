// Secrets as texts: the form of access keys and of addresses that open something by themselves, the check at their end, and what is kept of them.
// Knows nothing of what a secret opens.
import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type MunicipalityCode, municipalityCodeOf } from '../platform/tenant.ts';
import { randomId } from './clients/index.ts';

/** A secret in its parts: whose it is and which one can be told before any row is read. */
export interface SecretText {
  readonly municipality: MunicipalityCode;
  /** The public part. */
  readonly id: string;
  readonly text: string;
}

/** A kind of secrets. */
export interface SecretTexts {
  /** A new one. Its text is shown once; what is kept is `digestOf`. */
  make(municipality: MunicipalityCode, rootSecret: Uint8Array): SecretText;
  /** @returns the parts of a text that this service made; undefined for anything else, at the cost of two HMACs at most. */
  parse(text: string, rootSecret: Uint8Array): SecretText | undefined;
}

const SECRET_BYTES = 32;
const CHECK_BYTES = 8;

/**
 * Texts of the form prefix, municipality, public id, 256 random bits, and a check that only this service can make. Guesses, typing errors and secrets of
 * other installations fail the check before any row is read; it opens nothing by itself.
 * @param checkName tells the checks of one kind from those of another
 */
export function secretTexts(prefix: string, checkName: string): SecretTexts {
  const form = new RegExp(`^${prefix}_([0-9]{3})_([0-9a-z]{16})_([A-Za-z0-9_-]{43})_([A-Za-z0-9_-]{11})$`);

  function checkOf(body: string, rootSecret: Uint8Array): string {
    const checkKey = createHmac('sha256', rootSecret).update(checkName).digest();
    return createHmac('sha256', checkKey).update(body).digest().subarray(0, CHECK_BYTES).toString('base64url');
  }

  return {
    make(municipality, rootSecret) {
      const id = randomId();
      const body = `${prefix}_${municipality}_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
      return { municipality, id, text: `${body}_${checkOf(body, rootSecret)}` };
    },
    parse(text, rootSecret) {
      const [, municipality, id, secret, check] = form.exec(text) ?? [];
      if (municipality === undefined || id === undefined || check === undefined) return undefined;
      const expected = Buffer.from(checkOf(`${prefix}_${municipality}_${id}_${secret}`, rootSecret));
      const given = Buffer.from(check);
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
      return { municipality: municipalityCodeOf(municipality), id, text };
    },
  };
}

/** What is kept of a secret: it has 256 random bits, so nothing slower is needed. */
export function digestOf(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

/** Whether `text` is the secret of this digest, in the same time for every text. */
export function isTextOf(text: string, digest: Uint8Array): boolean {
  return timingSafeEqual(digestOf(text), digest);
}
