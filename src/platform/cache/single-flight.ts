// Work that is asked for several times at once is done once.

/** @returns a function that shares one run of `work` among all calls with the same key that start before it ends; failures are shared too and then forgotten. */
export function createSingleFlight<T>(): (key: string, work: () => Promise<T>) => Promise<T> {
  const running = new Map<string, Promise<T>>();
  return (key, work) => {
    const shared = running.get(key);
    if (shared !== undefined) return shared;
    const run = work().finally(() => running.delete(key));
    running.set(key, run);
    return run;
  };
}
