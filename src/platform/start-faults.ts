// Why a process refuses to start: all reasons at once. They name roles, tables and routes for whoever starts it, and never a value of the configuration.

/** What is wrong with the surroundings of a process, or with itself: one line each. */
export class StartFaults extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`not started, ${faults.length} fault(s):\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.name = 'StartFaults';
    this.faults = faults;
  }
}
