// CRC-32 of two texts joined, from their CRCs and the second one's length: what lets an archive be made of segments nobody reads.
// Arithmetic of polynomials over GF(2) modulo the CRC-32 polynomial, bits reversed, as zlib's crc32_combine does it.

const POLYNOMIAL = 0xedb88320;

/** a(x) · b(x) mod p(x). */
function multiply(a: number, b: number): number {
  let product = 0;
  let factor = b;
  for (let bit = 31; bit >= 0; bit -= 1) {
    if ((a >>> bit) & 1) product ^= factor;
    factor = factor & 1 ? (factor >>> 1) ^ POLYNOMIAL : factor >>> 1;
  }
  return product >>> 0;
}

/** POWERS[k] = x^(2^k) mod p(x). The exponents repeat after 32, because x^(2^32 − 1) = 1. */
const POWERS: readonly number[] = (() => {
  const powers = [0x40000000];
  for (let k = 1; k < 32; k += 1) powers.push(multiply(powers[k - 1] as number, powers[k - 1] as number));
  return powers;
})();

/** x^(8 · bytes) mod p(x): what appending `bytes` zero bytes does to a CRC. `bytes` may exceed 32 bits. */
function shiftOf(bytes: number): number {
  let result = 0x80000000;
  let k = 3;
  for (let rest = bytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = multiply(POWERS[k % 32] as number, result);
    k += 1;
  }
  return result;
}

/** @returns the CRC-32 (unsigned) of text A followed by text B, which is `lengthB` bytes long. */
export function combineCrc32(crcA: number, crcB: number, lengthB: number): number {
  return (multiply(shiftOf(lengthB), crcA) ^ crcB) >>> 0;
}
