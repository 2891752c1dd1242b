// biome-ignore-all assist/source/organizeImports: the order of the stages is what this file is for
// The road, as a reading list: the stages in the order in which data flows. A stage imports only the ones before it;
// what happens next is a job (queues.ts), never a call forward. Only the builders of api and worker import this file.

// 1. A source system hands in files.
export * as intake from './intake/index.ts';

// 2. They are read and checked.
export * as quality from './quality/index.ts';

// 3. What is accepted becomes slices, and a revision that names them.
export * as warehouse from './warehouse/index.ts';

// 4. Formulas are computed over slices, joined to key figures, and released.
export * as keyfigures from './keyfigures/index.ts';

// 5. Packages of raw data are assembled from slices.
export * as packages from './packages/index.ts';

// 6. What municipalities agreed on is delivered, and billed.
export * as delivery from './delivery/index.ts';
