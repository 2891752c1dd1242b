// What follows from linear equations, for tests of suppression: an attacker who can add and subtract everything that is published.

/** Coefficients are numbers modulo this. */
export const PRIME = 2_147_483_647n;

/** Whether `goal` is a linear combination of `rows` (sparse vectors over named unknowns), by elimination modulo a prime. */
export function isDetermined(rows: readonly Map<string, bigint>[], goal: Map<string, bigint>): boolean {
  const basis = new Map<string, Map<string, bigint>>();
  const reduce = (row: Map<string, bigint>) => {
    const rest = new Map(row);
    for (const [pivot, other] of basis) {
      const factor = rest.get(pivot) ?? 0n;
      if (factor === 0n) continue;
      for (const [name, value] of other) {
        const next = ((((rest.get(name) ?? 0n) - factor * value) % PRIME) + PRIME) % PRIME;
        if (next === 0n) rest.delete(name);
        else rest.set(name, next);
      }
    }
    return rest;
  };
  for (const row of rows) {
    const rest = reduce(row);
    const [pivot] = rest;
    if (pivot === undefined) continue;
    const inverse = power(pivot[1], PRIME - 2n);
    const unit = new Map([...rest].map(([name, value]) => [name, (value * inverse) % PRIME]));
    basis.set(pivot[0], unit);
  }
  return reduce(goal).size === 0;
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, ((base % PRIME) + PRIME) % PRIME];
  for (let rest = exponent; rest > 0n; rest /= 2n) {
    if (rest % 2n === 1n) result = (result * square) % PRIME;
    square = (square * square) % PRIME;
  }
  return result;
}
