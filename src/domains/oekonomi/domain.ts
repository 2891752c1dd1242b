// What the domain økonomi (municipal accounts) is; its tables, rules and key figures stand in files beside this one.
// It names the source systems and holds no data.
import type { DomainHead } from '../definition.ts';

/** Finance systems that deliver accounts, budget and chart of accounts. */
export const SOURCES = ['opus-oekonomi', 'prisme', 'oes-indsigt'] as const;

export const domain: DomainHead = {
  id: 'oekonomi',
  title: { da: 'Økonomi', en: 'Accounts' },
  description: {
    da: 'Kommunens regnskab, budget og kontoplan på konti i Indenrigsministeriets kontoplan. Udgifter er positive, indtægter negative.',
    en: "The municipality's accounts, budget and chart of accounts, on the accounts of the ministry's chart. Expenditure is positive, income negative.",
  },
  sources: SOURCES,
  frequencies: ['daily', 'weekly', 'monthly'],
};
