// The road, as a reading list: six stages in the order in which data flows. A stage imports only the ones before it;
// what happens next is a job (queues.ts), never a call forward. Nothing imports this file but the builders of api and worker.
export * as intake from './intake/index.ts';
export * as quality from './quality/index.ts';
export * as warehouse from './warehouse/index.ts';
export * as keyfigures from './keyfigures/index.ts';
export * as packages from './packages/index.ts';
