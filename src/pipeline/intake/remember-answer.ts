// Makes a POST safe to repeat: the answer is kept under its Idempotency-Key in the transaction of the effect, and given again.
// Keys belong to a municipality and a client; a refused request is not remembered, because it had no effect.
import { createHash } from 'node:crypto';
import { Problem } from '../../platform/http/problem.ts';
import type { TenantTx } from '../../platform/postgres/tenancy.ts';
import { IDEMPOTENCY_KEY_REUSED } from './errors.ts';
import { findAnswer, keepAnswer, lockAnswer } from './store-answers.ts';

/** A POST: its operation id, the client's key (absent: nothing is remembered) and what it asks for, the path's ids included. */
export interface RememberedRequest {
  readonly operation: string;
  readonly key: string | undefined;
  readonly requestBody: unknown;
}

export interface RememberedAnswer {
  readonly status: number;
  readonly location?: string | undefined;
  readonly body: unknown;
}

/** JSON with sorted member names: the same request in another order is the same request. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/**
 * Runs `effect` in `tx` unless this client's key was answered before; then gives that answer without any effect.
 * A concurrent request with the same key waits for the first one's transaction.
 * @throws Problem `idempotency-key-reused` when the key was used for another request.
 */
export async function rememberAnswer(
  tx: TenantTx,
  request: RememberedRequest,
  effect: () => Promise<RememberedAnswer>,
): Promise<RememberedAnswer> {
  const { key, operation } = request;
  if (key === undefined) return effect();
  const sha256 = createHash('sha256')
    .update(canonicalJson([operation, request.requestBody]))
    .digest('hex');
  await lockAnswer(tx, key);
  const known = await findAnswer(tx, key);
  if (known !== undefined) {
    if (known.requestSha256 !== sha256) throw new Problem(IDEMPOTENCY_KEY_REUSED);
    return { status: known.status, location: known.location ?? undefined, body: known.body };
  }
  const answer = await effect();
  await keepAnswer(tx, { key, operation, sha256 }, { ...answer, location: answer.location ?? null });
  return answer;
}
