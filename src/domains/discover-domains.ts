// Finds the domains by reading folders: no list of domains, tables or key figures exists anywhere else.
// Imports the files it finds; whether what they declare makes sense is checked in check-declarations.ts.
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Domain, DomainHead, FormulaRelation, KeyFigure, Rule, Table } from './definition.ts';

/** What was found; `faults` are files that do not export what their place promises. */
export interface Discovery {
  readonly domains: Domain[];
  readonly faults: string[];
}

/**
 * Reads domain folders. Each of `folders` is either one domain's folder (it holds `domain.ts`) or a folder of such folders.
 * A domain: `domain.ts` exports `domain`, `tables/*.ts` each `table`, `rules.ts` `rules`, `relations.ts` `relations`,
 * `key-figures/*.ts` each `keyFigure`; `.js` likewise. Only `domain.ts` must be there.
 */
export async function discoverDomains(folders: readonly string[]): Promise<Discovery> {
  const faults: string[] = [];
  const domains: Domain[] = [];
  for (const folder of (await Promise.all(folders.map(domainFoldersIn))).flat()) {
    const domain = await readDomain(folder, faults);
    if (domain !== undefined) domains.push(domain);
  }
  return { domains: domains.sort((a, b) => compare(a.id, b.id)), faults };
}

/** Order by code unit, the same on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function domainFoldersIn(folder: string): Promise<string[]> {
  if (await isDomainFolder(folder)) return [folder];
  const entries = await readdir(folder, { withFileTypes: true });
  const candidates = entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
  const areDomains = await Promise.all(candidates.map(isDomainFolder));
  return candidates.filter((_, index) => areDomains[index]);
}

async function isDomainFolder(folder: string): Promise<boolean> {
  const names = await readdir(folder);
  return names.includes('domain.ts') || names.includes('domain.js');
}

async function readDomain(folder: string, faults: string[]): Promise<Domain | undefined> {
  const own = await scriptsIn(folder);
  const headFile = own.find((file) => isNamed(file, 'domain'));
  const head = headFile === undefined ? undefined : await importValue<DomainHead>(headFile, 'domain', faults);
  if (head === undefined) return undefined;
  if (head.id !== basename(folder)) faults.push(`${folder}: the domain calls itself '${head.id}', not as its folder`);
  const tables = await importAll<Table>(join(folder, 'tables'), 'table', faults);
  const keyFigures = await importAll<KeyFigure>(join(folder, 'key-figures'), 'keyFigure', faults);
  const listIn = async <T>(name: string): Promise<readonly T[]> => {
    const file = own.find((one) => isNamed(one, name));
    return (file === undefined ? undefined : await importValue<readonly T[]>(file, name, faults)) ?? [];
  };
  return {
    ...head,
    tables: tables.sort((a, b) => compare(a.name, b.name)),
    rules: await listIn<Rule>('rules'),
    relations: await listIn<FormulaRelation>('relations'),
    keyFigures: keyFigures.sort((a, b) => compare(a.id, b.id)),
  };
}

function isNamed(file: string, name: string): boolean {
  return basename(file) === `${name}.ts` || basename(file) === `${name}.js`;
}

async function importAll<T extends object>(folder: string, name: string, faults: string[]): Promise<T[]> {
  const values: T[] = [];
  for (const file of await scriptsIn(folder)) {
    const value = await importValue<T>(file, name, faults);
    if (value !== undefined) values.push(value);
  }
  return values;
}

async function importValue<T extends object>(file: string, name: string, faults: string[]): Promise<T | undefined> {
  const exported: Record<string, unknown> = await import(pathToFileURL(file).href);
  const value = exported[name];
  if (typeof value === 'object' && value !== null) return value as T;
  faults.push(`${file}: does not export '${name}'`);
  return undefined;
}

/** Scripts directly in a folder, in order of name; a folder that is not there has none. */
async function scriptsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .filter((name) => /\.[jt]s$/.test(name) && !name.endsWith('.d.ts'))
    .sort(compare)
    .map((name) => join(folder, name));
}
