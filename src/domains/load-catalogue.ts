// Loads the catalogue at start: finds the declarations, checks them, and refuses to go on with any fault.
import { type Catalogue, makeCatalogue } from './catalogue.ts';
import { checkDeclarations } from './check-declarations.ts';
import { discoverDomains } from './discover-domains.ts';

/** The declarations contradict themselves; `faults` lists every fault found, not only the first. */
export class DeclarationError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`the declarations have ${faults.length} fault(s):\n${faults.map((fault) => `- ${fault}`).join('\n')}`);
    this.name = 'DeclarationError';
    this.faults = faults;
  }
}

/**
 * Loads the domains beside this file and those of `extraFolders` (each a domain's folder or a folder of domains).
 * @throws DeclarationError naming every fault at once.
 */
export async function loadCatalogue(extraFolders: readonly string[] = []): Promise<Catalogue> {
  const { domains, faults } = await discoverDomains([import.meta.dirname, ...extraFolders]);
  const all = [...faults, ...checkDeclarations(domains)];
  if (all.length > 0) throw new DeclarationError(all);
  return makeCatalogue(domains);
}
