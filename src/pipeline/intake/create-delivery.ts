// Opens a source delivery: what is to be handed in, for which months, by which system. Nothing is loaded before it is submitted.
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { writeAudit } from '../../access/index.ts';
import type { Catalogue } from '../../domains/index.ts';
import { INVALID_REQUEST } from '../../platform/http/errors.ts';
import { Problem } from '../../platform/http/problem.ts';
import { type Tenant, withTenant } from '../../platform/postgres/tenancy.ts';
import { presentDelivery } from './present-delivery.ts';
import { type RememberedAnswer, rememberAnswer } from './remember-answer.ts';
import type { DeliveryKind } from './rules.ts';
import { insertDelivery } from './store.ts';

/** What the caller asks for; months are `YYYY-MM`, both ends inclusive. */
export interface DeliveryRequest {
  readonly domain: string;
  readonly kind: DeliveryKind;
  readonly sourceSystem: string;
  readonly periodFrom: string;
  readonly periodTo: string;
  readonly sequence?: number;
  /** ISO date. */
  readonly extractedOn?: string;
}

/** A slice is written for every period of a total's span, so a mistyped year must not make thousands. */
const MOST_MONTHS = 50 * 12;

function monthsBetween(from: string, to: string): number {
  const number = (month: string) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7));
  return number(to) - number(from) + 1;
}

function faultsOf(catalogue: Catalogue, request: DeliveryRequest): { place: string; expected: string }[] {
  const faults: { place: string; expected: string }[] = [];
  const domain = catalogue.domain(request.domain);
  if (domain === undefined) {
    faults.push({ place: 'body/domain', expected: `one of ${catalogue.domains.map(({ id }) => id).join(', ')}` });
  } else if (!domain.sources.includes(request.sourceSystem)) {
    faults.push({ place: 'body/sourceSystem', expected: `one of ${domain.sources.join(', ')}` });
  }
  const months = monthsBetween(request.periodFrom, request.periodTo);
  if (months < 1) faults.push({ place: 'body/periodTo', expected: 'a month that is not before periodFrom' });
  if (months > MOST_MONTHS) faults.push({ place: 'body/periodTo', expected: `at most ${MOST_MONTHS} months in all` });
  if ((request.kind === 'delta') !== (request.sequence !== undefined)) {
    faults.push({ place: 'body/sequence', expected: 'a number with a delta, nothing with a total' });
  }
  return faults;
}

/** @returns the answer: 201 with the delivery in state `open`. @throws Problem `invalid-request` with every fault at once. */
export async function createDelivery(
  deps: { readonly pool: pg.Pool; readonly catalogue: Catalogue },
  tenant: Tenant,
  request: DeliveryRequest,
  idempotencyKey: string | undefined,
): Promise<RememberedAnswer> {
  const faults = faultsOf(deps.catalogue, request);
  if (faults.length > 0) throw new Problem(INVALID_REQUEST, undefined, { faults });
  const operation = 'createSourceDelivery';
  return withTenant(deps.pool, tenant, (tx) =>
    rememberAnswer(tx, { operation, key: idempotencyKey, requestBody: request }, async () => {
      const delivery = await insertDelivery(tx, {
        ...request,
        id: randomUUID(),
        sequence: request.sequence ?? null,
        extractedOn: request.extractedOn ?? null,
      });
      const { id, domain, kind, periodFrom, periodTo } = delivery;
      await writeAudit(tx, operation, { sourceDelivery: id, domain, kind, period: `${periodFrom}/${periodTo}` });
      return { status: 201, location: `/v1/source-deliveries/${delivery.id}`, body: presentDelivery(delivery) };
    }),
  );
}
