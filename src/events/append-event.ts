// Writes events in the transaction of the change that they tell of: with its commit they are there, with its rollback they never were.
import { randomUUID } from 'node:crypto';
import { Value } from 'typebox/value';
import { NAME_FORM } from '../platform/http/wire-forms.ts';
import type { PublishedTx, SystemTx, TenantTx } from '../platform/postgres/tenancy.ts';
import { machineClock } from '../platform/time/steady-clock.ts';
import { insertEvent, insertNationwideEvent, type StoredEvent } from './store.ts';
import { EVENT_TYPES, type EventType, type MunicipalType, type NationwideType, type NewEvent } from './types.ts';

/**
 * Writes an event of the transaction's municipality. Call it last: until the transaction ends, nobody else writes an event of that municipality.
 * Not in a repeatable-read transaction, which cannot follow the counter.
 * @throws Error when the data is not as declared; such an event is a fault of the code and must not be written
 */
export async function appendEvent<Type extends MunicipalType>(tx: TenantTx, event: NewEvent<Type>): Promise<void> {
  await insertEvent(tx, checked(event), machineClock.likely());
}

/** Writes an event that concerns every municipality; each has it, with a number of its own, a moment after the commit. @throws like `appendEvent` */
export async function appendNationwideEvent<Type extends NationwideType>(
  tx: PublishedTx | SystemTx,
  event: NewEvent<Type>,
): Promise<void> {
  await insertNationwideEvent(tx, checked(event));
}

const DOMAIN = new RegExp(NAME_FORM.pattern);

function checked<Type extends EventType>({ type, domain = '', data }: NewEvent<Type>): StoredEvent {
  const declaration = EVENT_TYPES[type];
  if (domain !== '' && !DOMAIN.test(domain)) throw new Error(`the domain of ${type} is none`);
  if ((domain !== '') !== declaration.hasDomain) throw new Error(`whether ${type} has a domain is not as declared`);
  // The faults are not told: they would name the values.
  if (!Value.Check(declaration.data, data)) throw new Error(`the data of ${type} is not as declared`);
  return { eventId: randomUUID(), type, domain, data };
}
