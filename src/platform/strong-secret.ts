// Tells a secret that a generator made from one that a person typed. A weak root secret would make every pseudonym guessable.

const MIN_BYTES = 32;
/** 32 random bytes have 30 different values on average, and fewer than 20 in none of 10^12 draws. */
const MIN_DIFFERENT = 20;

/** Whether `bytes` may be a root secret: long enough, varied, and not a text that was encoded. */
export function isStrongSecret(bytes: Uint8Array): boolean {
  return bytes.length >= MIN_BYTES && new Set(bytes).size >= MIN_DIFFERENT && !isSequence(bytes) && !isPrintable(bytes);
}

/** `000102…`: every byte differs from the one before by the same step. */
function isSequence(bytes: Uint8Array): boolean {
  const step = ((bytes[1] ?? 0) - (bytes[0] ?? 0)) & 0xff;
  return bytes.every((byte, index) => index === 0 || ((byte - (bytes[index - 1] ?? 0)) & 0xff) === step);
}

/** 32 random bytes are all printable ASCII once in 10^13. */
function isPrintable(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= 0x20 && byte <= 0x7e);
}
