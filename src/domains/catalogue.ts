// The catalogue as the service sees it: every declaration, found by id. A value that is passed on as a
// dependency, never a module global, so that one process can hold several.
import type { MunicipalityCode } from '../platform/tenant.ts';
import type { Domain, DomainId, Formula, KeyFigure, Table } from './definition.ts';
import { type Group, makeGroups } from './groups.ts';
import { MUNICIPALITIES, type Municipality } from './municipalities.ts';

/** Everything that is declared. Look-ups answer `undefined` for what is not there. */
export interface Catalogue {
  readonly domains: readonly Domain[];
  readonly municipalities: readonly Municipality[];
  readonly groups: readonly Group[];
  domain(id: DomainId): Domain | undefined;
  table(name: string): { readonly domain: Domain; readonly table: Table } | undefined;
  keyFigure(id: string): KeyFigure | undefined;
  /** Every distinct formula of the domain `id` that a key figure of any domain uses, in order of id. */
  formulas(id: DomainId): readonly Formula[];
  municipality(code: string): Municipality | undefined;
  group(id: string): Group | undefined;
}

/** Builds the catalogue of `domains`, which have been checked before. */
export function makeCatalogue(domains: readonly Domain[]): Catalogue {
  const groups = makeGroups(MUNICIPALITIES);
  const domainById = new Map(domains.map((domain) => [domain.id, domain]));
  const tableByName = new Map(
    domains.flatMap((domain) => domain.tables.map((table) => [table.name, { domain, table }] as const)),
  );
  const keyFigures = domains.flatMap((domain) => domain.keyFigures);
  const keyFigureById = new Map(keyFigures.map((keyFigure) => [keyFigure.id, keyFigure]));
  const municipalityByCode = new Map<MunicipalityCode | string, Municipality>(
    MUNICIPALITIES.map((municipality) => [municipality.code, municipality]),
  );
  const groupById = new Map(groups.map((group) => [group.id, group]));
  const formulasByDomain = groupFormulas(keyFigures);
  return {
    domains,
    municipalities: MUNICIPALITIES,
    groups,
    domain: (id) => domainById.get(id),
    table: (name) => tableByName.get(name),
    keyFigure: (id) => keyFigureById.get(id),
    formulas: (id) => formulasByDomain.get(id) ?? [],
    municipality: (code) => municipalityByCode.get(code),
    group: (id) => groupById.get(id),
  };
}

/** @returns the formulas of a key figure, each once: numerator and, where it has them, denominator and count of persons. */
export function formulasOf({ numerator, denominator, personCount }: KeyFigure): readonly Formula[] {
  return [...new Set([numerator, denominator, personCount].filter((formula) => formula != null))];
}

function groupFormulas(keyFigures: readonly KeyFigure[]): Map<DomainId, Formula[]> {
  const byId = new Map(keyFigures.flatMap(formulasOf).map((formula) => [formula.id, formula]));
  const sorted = [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return Map.groupBy(sorted, (formula) => formula.domain);
}
