// What lies here and was taken back since: a file beside the delivery's own says so, for whoever reads them. Nothing is deleted, for others may rest on it.
import { join } from 'node:path';
import { send } from '../http.ts';
import type { Pull } from './fetch-delivery.ts';
import { listDeliveries } from './list-deliveries.ts';
import { isThere, pathOf } from './state.ts';
import { textOf, writeWhole } from './write-durably.ts';

/** Beside the files of a delivery. */
const MARK = 'revoked.json';

/** Marks every delivery here whose package was revoked, and tells of those that were not marked before. @param domain only of this one */
export async function markRevoked({ service, state, transfer }: Pull, domain: string | undefined): Promise<void> {
  for (const listed of await listDeliveries(service, ['revoked'], domain)) {
    if (state.memory.unacknowledged[listed.id] !== undefined) {
      // A receipt for it would be of no use.
      delete state.memory.unacknowledged[listed.id];
      await state.save();
    }
    const path = pathOf(listed);
    const mark = join(state.folder, path, MARK);
    if (!(await isThere(join(state.folder, path))) || (await isThere(mark))) continue;
    const { body } = await send(service, { method: 'GET', path: `/v1/deliveries/${listed.id}` });
    const { revokedAt, reason } = body?.revocation ?? {};
    await writeWhole(mark, textOf({ delivery: listed.id, revokedAt, reason }));
    transfer.note(`${path} was revoked, do not use it: ${plain(reason)}`);
  }
}

/** The operator's words, for a terminal: on one line, and without what could steer it. */
const plain = (words: unknown) => String(words).replace(/\p{C}+/gu, ' ');
