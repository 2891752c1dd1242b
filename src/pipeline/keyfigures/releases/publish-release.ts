// Publishes a requested release: brings its domains up to date, pins their revisions, and writes every cell in one transaction.
// Killed at any point, nothing of it is visible; run again, it starts over or finds the release published.
import { writeOperatorAudit } from '../../../access/index.ts';
import type { KeyFigure } from '../../../domains/definition.ts';
import { type Catalogue, formulasOf } from '../../../domains/index.ts';
import { appendNationwideEvent } from '../../../events/index.ts';
import { type SystemTx, withSystem } from '../../../platform/postgres/tenancy.ts';
import { type ComputeDeps, computeFormulas } from '../formulas/compute-formulas.ts';
import { workerTenant } from '../formulas/make-tenant.ts';
import { formulasHashOf } from '../formulas/rules.ts';
import { readBehind } from '../formulas/store-behind.ts';
import { placesOf, releaseCells } from './rules.ts';
import { insertCells, insertPins, markPublished, readSuppressed, takeRequested } from './store.ts';
import { type JudgedPin, readPins, readPlaces, readValuesAt } from './store-values.ts';

/** Domain → hash of its formulas as declared now, for every domain that the figures read. */
export function formulaHashes(catalogue: Catalogue, figures: readonly KeyFigure[]): Map<string, string> {
  const domains = new Set(figures.flatMap(formulasOf).map(({ domain }) => domain));
  return new Map([...domains].sort().map((domain) => [domain, formulasHashOf(catalogue.formulas(domain))]));
}

/** @throws when a municipality's formulas cannot be computed now (its slices are being written anew, say); the job is then tried again. */
export async function publishRelease(
  deps: ComputeDeps,
  { releaseId, domain }: { readonly releaseId: string; readonly domain: string },
  jobId: string,
  signal: AbortSignal,
): Promise<void> {
  const figures = deps.catalogue.domain(domain)?.keyFigures ?? [];
  const hashes = formulaHashes(deps.catalogue, figures);
  const behind = await withSystem(deps.pool, 'release: what is not computed', (tx) => readBehind(tx, hashes));
  for (const { municipality, domain } of behind) {
    await computeFormulas(deps, workerTenant(municipality, jobId), domain, signal);
  }
  // A revision that arrives meanwhile waits for the next release: pinned is what is computed, which is whole at every revision.
  await withSystem(
    deps.pool,
    'release: publish',
    async (tx) => {
      if ((await takeRequested(tx, releaseId)) === undefined) return;
      const pins = await readPins(tx, hashes);
      const stale = await readBehind(tx, hashes);
      const unpinned = stale.some((one) => !pins.some((pin) => isSame(pin, one)));
      if (unpinned) throw new Error('a municipality has a revision but no values by the current formulas');
      await writeCells(tx, deps.catalogue, { releaseId, domain, figures, pins }, signal);
      const worker = { clientId: 'worker', requestId: jobId };
      await writeOperatorAudit(tx, worker, 'publishRelease', { release: releaseId, domain, pins: pins.length });
      await markPublished(tx, releaseId);
      await appendNationwideEvent(tx, { type: 'release.published', domain, data: { release: releaseId } });
      signal.throwIfAborted();
    },
    { repeatableRead: true },
  );
}

interface Named {
  readonly municipality: string;
  readonly domain: string;
}

function isSame(a: Named, b: Named): boolean {
  return a.municipality === b.municipality && a.domain === b.domain;
}

interface Content {
  readonly releaseId: string;
  readonly domain: string;
  readonly figures: readonly KeyFigure[];
  readonly pins: readonly JudgedPin[];
}

/** One municipality at a time, so that memory does not grow with their number. Who delivered nothing gets `no-data` where others have values. */
async function writeCells(tx: SystemTx, catalogue: Catalogue, content: Content, signal: AbortSignal): Promise<void> {
  const { releaseId, figures, pins } = content;
  const formulas = [...new Map(figures.flatMap(formulasOf).map((formula) => [formula.id, formula])).values()];
  const numerators = new Set(figures.map(({ numerator }) => numerator));
  const relations = catalogue.domain(content.domain)?.relations ?? [];
  const suppressed = await readSuppressed(tx, content.domain);
  const places = await readPlaces(tx, pins, [...numerators]);
  const plan = figures.map((figure) => ({ figure, places: placesOf(figure, places.get(figure.numerator.id) ?? []) }));
  await insertPins(tx, releaseId, pins);
  for (const { code, synthetic } of catalogue.municipalities) {
    signal.throwIfAborted();
    const own = pins.filter(({ municipality }) => municipality === code);
    if (own.length === 0 && synthetic) continue;
    const values = await readValuesAt(tx, own, formulas);
    const openErrors = new Set(own.filter((pin) => pin.openErrors).map(({ domain }) => domain));
    const suppressedBefore = suppressed.get(code) ?? new Set<string>();
    await insertCells(tx, releaseId, code, releaseCells(plan, relations, { values, openErrors, suppressedBefore }));
  }
}
