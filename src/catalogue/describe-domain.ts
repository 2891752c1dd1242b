// Turns domains, rules, municipalities and groups into their wire shapes, in one language.
import type { Static } from 'typebox';
import type { Domain, Frequency, Rule } from '../domains/definition.ts';
import type { Group, Municipality } from '../domains/index.ts';
import type { domainSchema, groupListSchema, municipalityListSchema, ruleSchema } from './schemas.ts';

/** The languages that every text of the catalogue has. */
export type Language = 'da' | 'en';

/** How often a domain can be delivered: today, and from later days on. */
export interface Capability {
  readonly frequencies: readonly Frequency[];
  readonly planned: readonly { readonly validFrom: string; readonly frequencies: readonly Frequency[] }[];
}

export function describeDomain(
  domain: Domain,
  { frequencies, planned }: Capability,
  language: Language,
): Static<typeof domainSchema> {
  return {
    id: domain.id,
    title: domain.title[language],
    description: domain.description[language],
    sources: [...domain.sources],
    tables: domain.tables.map(({ name }) => name),
    keyFigures: domain.keyFigures.map(({ id }) => id),
    frequencies: [...frequencies],
    plannedFrequencies: planned.map((change) => ({ ...change, frequencies: [...change.frequencies] })),
  };
}

export function describeRule(domain: Domain, rule: Rule, language: Language): Static<typeof ruleSchema> {
  return {
    id: rule.id,
    domain: domain.id,
    table: rule.table,
    column: rule.column ?? null,
    severity: rule.severity,
    scope: rule.scope,
    title: rule.title[language],
    message: rule.message[language],
    sql: plainSql(rule.scope === 'row' ? rule.violation : rule.query),
  };
}

export function describeMunicipality(one: Municipality): Static<typeof municipalityListSchema>['items'][number] {
  const { code, name, region, landsdel, population } = one;
  return { code, name, region, landsdel, population, synthetic: one.synthetic === true };
}

export function describeGroup(group: Group, language: Language): Static<typeof groupListSchema>['items'][number] {
  return { id: group.id, title: group.title[language], municipalities: [...group.municipalities] };
}

/** SQL on one line: indentation of the declaration is no part of what it says. */
export function plainSql(sql: string): string {
  return sql.trim().replaceAll(/\s*\n\s*/g, ' ');
}
