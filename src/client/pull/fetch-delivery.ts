// Fetches one delivery: its manifest is verified before anything else, its files are put together out of sight, its folder appears whole, and then it is
// acknowledged. Whatever ends it, the next run goes on from there.
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { VerificationFault } from '../faults.ts';
import { type Service, ServiceFault, send } from '../http.ts';
import type { Transfer } from '../progress.ts';
import { type CheckedDelivery, checkDelivery } from './check-delivery.ts';
import { describeFiles } from './describe-files.ts';
import { fetchFile } from './fetch-file.ts';
import { planStretches } from './plan-stretches.ts';
import { type HeldDelivery, isThere, type ListedDelivery, type NamedFile, type PullState, pathOf } from './state.ts';
import { type Keys, verifyStatement } from './verify-statement.ts';
import { syncFolder, textOf, writeWhole } from './write-durably.ts';

/** What a run works with. */
export interface Pull {
  readonly service: Service;
  readonly state: PullState;
  readonly municipality: string;
  /** Published ones, and those remembered. */
  readonly keys: Keys;
  readonly transfer: Transfer;
}

/** Another client has acknowledged it. */
const ACKNOWLEDGED_ALREADY = 'acknowledged-already';

/** @returns how many bytes came over the wire; @throws VerificationFault, ServiceFault, ConnectionFault, or an error of the file system */
export async function fetchDelivery(pull: Pull, listed: ListedDelivery): Promise<number> {
  const { service, state, municipality, keys } = pull;
  const path = pathOf(listed);
  let held: HeldDelivery | undefined = state.memory.unacknowledged[listed.id];
  let fetched = 0;
  if (held === undefined) {
    const { body } = await send(service, { method: 'GET', path: `/v1/deliveries/${listed.id}` });
    const delivery = checkDelivery(listed, body, municipality, keys);
    held = { ...listed, path, files: delivery.files };
    // A run that was ended right after the folder had appeared.
    if (!(await isThere(join(state.folder, path)))) fetched = await fetchWhole(pull, delivery, path);
    state.memory.keys[delivery.keyId] = keys[delivery.keyId] as string;
    state.memory.unacknowledged[listed.id] = held;
    state.memory.newest[listed.subscriptionId] = held;
    await state.save();
  }
  await acknowledge(pull, listed, held);
  return fetched;
}

async function fetchWhole(pull: Pull, delivery: CheckedDelivery, path: string): Promise<number> {
  const { service, state } = pull;
  const work = state.workOf(delivery.id);
  await mkdir(work, { recursive: true });
  let fetched = 0;
  for (const file of delivery.files) fetched += await fetchOne(pull, delivery, file, work);
  const { body } = await send(service, { method: 'GET', path: `/v1/packages/${delivery.packageId}` });
  const descriptor = describeFiles(body, delivery.files);
  if (descriptor !== undefined) await writeWhole(join(work, 'datapackage.json'), textOf(descriptor));
  await writeWhole(join(work, 'manifest.json'), textOf(delivery.manifest));
  await writeWhole(join(work, 'manifest.jws'), delivery.signedManifest);
  await syncFolder(work);
  await publish(state, work, path);
  return fetched;
}

async function fetchOne(pull: Pull, delivery: CheckedDelivery, file: NamedFile, work: string): Promise<number> {
  const { service, state, transfer } = pull;
  const before = state.memory.newest[delivery.subscriptionId];
  const stretches = await planStretches(service, state.folder, delivery.id, file, before);
  const progress = transfer.begin(file.name, file.bytes);
  const fetched = await fetchFile(
    {
      ...{ service, file, path: join(work, file.name), onProgress: progress },
      address: `/v1/deliveries/${delivery.id}/files/${file.name}`,
    },
    stretches,
  );
  transfer.note(`  ${file.name}: ${file.bytes} bytes, ${fetched} of them fetched`);
  return fetched;
}

/** In one step the whole folder is there. */
async function publish({ folder }: PullState, work: string, path: string): Promise<void> {
  const place = join(folder, path);
  await mkdir(dirname(place), { recursive: true });
  await syncFolder(folder);
  await rename(work, place);
  await syncFolder(dirname(place));
  await syncFolder(dirname(work));
}

async function acknowledge({ service, state, keys, transfer }: Pull, listed: ListedDelivery, held: HeldDelivery) {
  const files = held.files.map(({ name, sha256 }) => ({ name, sha256 }));
  const path = `/v1/deliveries/${listed.id}/acknowledgements`;
  try {
    const { body } = await send(service, { method: 'POST', path, json: { files } });
    const { statement } = verifyStatement(body.receipt, 'receipt', keys);
    if (statement.delivery !== listed.id) throw new VerificationFault('the receipt is about another delivery');
    await writeWhole(join(state.receipts, `${listed.domain}_${listed.dueOn}_${listed.id}.jws`), body.receipt);
  } catch (error) {
    if (!(error instanceof ServiceFault) || error.problem?.code !== ACKNOWLEDGED_ALREADY) throw error;
    transfer.note('  acknowledged by another client: the receipt is theirs');
  }
  delete state.memory.unacknowledged[listed.id];
  await state.save();
}
