// The command `deliver`: sends one file, national or of one municipality, as source deliveries, one per municipality.
// Parts of the file lie in a private temporary folder that is deleted at the end, also after an interruption.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CsvFault } from './csv.ts';
import { type DeliverOptions, readOptions } from './deliver-options.ts';
import { describeFault, UsageFault } from './faults.ts';
import { MappingFault } from './mapping.ts';
import { type Output, type Progress, startProgress } from './progress.ts';
import { type DeliveryResult, sendDelivery } from './send-delivery.ts';
import { type Part, type SplitFile, splitFile } from './split-file.ts';

/** How it went for one municipality; `undefined` result: the service refused a request, or could not be reached. */
interface Outcome {
  readonly part: Part;
  readonly result: DeliveryResult | undefined;
}

function noteRejection(progress: Progress, code: string, result: DeliveryResult): void {
  progress.note(`${code} ${result.state} (source delivery ${result.id})`);
  for (const { severity, rule, table, count } of result.rules) {
    progress.note(`  ${severity} ${rule} in ${table}: ${count}`);
  }
  for (const { rule, table, row, column, message } of result.examples) {
    progress.note(
      `  ${table}${row === null ? '' : `, row ${row}`}${column === null ? '' : `, ${column}`}: ${rule}: ${message.en}`,
    );
  }
}

async function deliverPart(
  options: DeliverOptions,
  split: SplitFile,
  part: Part,
  progress: Progress,
  signal: AbortSignal,
): Promise<Outcome> {
  const { mapping, baseUrl, tokens, gzip, sequence } = options;
  const { domain, kind, sourceSystem, table, decimalMark } = mapping;
  const { periodFrom, periodTo } = split;
  const description = {
    domain,
    kind,
    sourceSystem,
    periodFrom,
    periodTo,
    ...(sequence === undefined ? {} : { sequence }),
  };
  const service = { baseUrl, token: tokens[part.municipality] as string, signal };
  try {
    const result = await sendDelivery(
      service,
      description,
      [{ table, path: part.path, decimalMark, rows: part.rows }],
      { gzip },
    );
    if (result.state !== 'accepted') noteRejection(progress, part.municipality, result);
    progress.step(
      `${part.municipality} ${result.state}${result.revision === null ? '' : `, revision ${result.revision}`}, ${part.rows} rows`,
    );
    return { part, result };
  } catch (error) {
    if (signal.aborted) throw error;
    progress.note(`${part.municipality} not delivered: ${describeFault(error)}`);
    progress.step(`${part.municipality} not delivered`);
    return { part, result: undefined };
  }
}

async function deliverAll(
  options: DeliverOptions,
  folder: string,
  out: Output,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const split = await splitFile(options.file, options.mapping, folder, signal);
  const missing = split.parts.filter(({ municipality }) => options.tokens[municipality] === undefined);
  if (missing.length > 0) throw new UsageFault(`no token for ${missing.map((part) => part.municipality).join(', ')}`);
  out.write(`${split.rows} rows, ${split.parts.length} municipalities, ${split.periodFrom} to ${split.periodTo}\n`);
  const progress = startProgress(out, split.parts.length);
  const waiting = [...split.parts];
  const outcomes: Outcome[] = [];
  const work = async () => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
      outcomes.push(await deliverPart(options, split, part, progress, signal));
      await rm(part.path, { force: true });
    }
  };
  try {
    await Promise.all(Array.from({ length: options.parallel }, work));
  } finally {
    progress.end();
  }
  return outcomes;
}

function summarise(outcomes: readonly Outcome[], seconds: number): string {
  const count = (state: string | undefined) => outcomes.filter(({ result }) => result?.state === state).length;
  const rows = outcomes.reduce((sum, { part, result }) => sum + (result?.state === 'accepted' ? part.rows : 0), 0);
  return `${count('accepted')} accepted (${rows} rows), ${count('rejected')} rejected, ${count('failed')} failed, ${count(undefined)} not delivered in ${seconds.toFixed(1)} s\n`;
}

/**
 * Runs the command. @returns the exit status: 0 when every delivery was accepted, 1 when one was not,
 * 2 when the command, the mapping or the file must be put right first (nothing was sent), 130 when interrupted.
 */
export async function runDeliver(
  args: readonly string[],
  out: Output = process.stdout,
  err: Output = process.stderr,
): Promise<number> {
  const started = performance.now();
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  let folder: string | undefined;
  try {
    const options = await readOptions(args);
    folder = await mkdtemp(join(tmpdir(), 'flis-deliver-'));
    const outcomes = await deliverAll(options, folder, out, interruption.signal);
    out.write(summarise(outcomes, (performance.now() - started) / 1000));
    return outcomes.every(({ result }) => result?.state === 'accepted') ? 0 : 1;
  } catch (error) {
    if (interruption.signal.aborted) return 130;
    if (!isUsage(error)) throw error;
    err.write(`${error.message.trimEnd()}\n`);
    return 2;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

function isUsage(error: unknown): error is Error {
  return error instanceof UsageFault || error instanceof MappingFault || error instanceof CsvFault;
}
