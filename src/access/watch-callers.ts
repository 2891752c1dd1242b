// Watches over callers while bytes flow to or from them: who has lost the right to an answer does not get the rest of it, and what somebody sends who
// has lost the right to hand it in is not taken. Rights are asked for again when a change
// is heard of, and all the time while none might be heard of; while there is doubt nothing more is read, and doubt that lasts ends the answer.
import type { ByteSource } from '../platform/byte-source.ts';
import { refusal, TOKEN_INVALID } from './errors.ts';
import type { Principal } from './principal.ts';

/** A caller that is watched. */
export interface Watched {
  /** Aborted, with the problem as its reason, when the caller may have no more. */
  readonly signal: AbortSignal;
  /** The bytes of `source` for as long as the caller may have them: waits while there is doubt. `fill` throws when the right has ended. */
  guard(source: ByteSource): ByteSource;
  /** Resolves when it is certain that the caller had its rights at the time of the call. @throws Problem `token-invalid` when it has lost them */
  certify(): Promise<void>;
  /** Call it when the answer has ended. */
  stop(): void;
}

export interface WatchOptions {
  /** The caller as it is by now; undefined when it has no rights any more. */
  readonly confirm: (authorization: string, since: Date) => Promise<Principal | undefined>;
  /** Whether the end of a client's rights is heard of within a second. */
  readonly isListening: () => boolean;
  /** Resolves when every change that was made before the call has been heard of; rejects where that cannot be known. */
  readonly catchUp: () => Promise<void>;
}

export interface CallerWatch {
  /** @param isOutdated whether a change was heard of since the caller was last asked for */
  watch(authorization: string, principal: Principal, isOutdated: boolean): Watched;
  /** The rights of a client, or of whomever, are others than before. */
  changed(clientId?: string): void;
}

/** Of a caller whose rights end with its token alone. */
export const UNWATCHED: Watched = {
  signal: new AbortController().signal,
  guard: (source) => source,
  certify: async () => {},
  stop() {},
};

const LOOK_MS = 500;
/** After so many bytes it is made certain that no change has gone unheard, and after twice as many nothing is read before that: what comes out after the end
 * of a right is less than 8 MiB, however fast it flows and however busy the process is. */
const CERTAIN_BYTES = 2 * 1024 * 1024;
/** With a second until deafness is known and a look, less than five seconds from the end of a right to the last byte. */
const PATIENCE_MS = 3_000;

interface Watcher {
  readonly authorization: string;
  readonly principal: Principal;
  readonly since: Date;
  readonly ended: AbortController;
  asking: boolean;
  /** Whether a change was heard of that no answer of the register tells of yet; `settled` resolves when one does. */
  changed: boolean;
  settled: PromiseWithResolvers<void> | undefined;
  /** Since when it is not certain that the caller may have more. */
  doubtfulSince: number | undefined;
}

export function createCallerWatch({ confirm, isListening, catchUp }: WatchOptions): CallerWatch {
  const watchers = new Set<Watcher>();
  let timer: NodeJS.Timeout | undefined;

  function end(watcher: Watcher): void {
    watchers.delete(watcher);
    watcher.ended.abort(refusal(TOKEN_INVALID));
    watcher.settled?.resolve();
  }

  function markChanged(watcher: Watcher): void {
    watcher.changed = true;
    watcher.doubtfulSince ??= performance.now();
    watcher.settled ??= Promise.withResolvers();
    if (!watcher.asking) void ask(watcher);
  }

  async function ask(watcher: Watcher): Promise<void> {
    const asked = performance.now();
    watcher.asking = true;
    watcher.changed = false;
    const now = await confirm(watcher.authorization, watcher.since).catch((error: unknown) => ({ error }));
    watcher.asking = false;
    if (watcher.ended.signal.aborted) return;
    if (now !== undefined && 'error' in now) {
      // The register could not be asked: the next look asks again, until patience ends.
      watcher.changed = true;
    } else if (now === undefined || !hasAllOf(now, watcher.principal)) {
      end(watcher);
    } else if (watcher.changed) {
      // Another change came meanwhile, which this answer may not tell of.
      void ask(watcher);
    } else {
      watcher.doubtfulSince = isListening() ? undefined : asked;
      watcher.settled?.resolve();
      watcher.settled = undefined;
    }
  }

  /** Hears of every change that was made before the call, or else doubts. */
  const hearAll = (watcher: Watcher): Promise<void> => catchUp().catch(() => markChanged(watcher));

  /** Waits while there is doubt. */
  async function settle(watcher: Watcher): Promise<void> {
    const { signal } = watcher.ended;
    while (watcher.settled !== undefined && !signal.aborted) await watcher.settled.promise;
    signal.throwIfAborted();
  }

  async function certify(watcher: Watcher): Promise<void> {
    await Promise.race([hearAll(watcher), once(watcher.ended.signal)]);
    if (isOver(watcher)) end(watcher);
    await settle(watcher);
  }

  function guard(source: ByteSource, watcher: Watcher): ByteSource {
    const { signal } = watcher.ended;
    const ended = once(signal);
    let bytes = 0;
    let certifying: Promise<void> | undefined;
    return {
      async fill(target) {
        if (bytes >= 2 * CERTAIN_BYTES && certifying !== undefined) {
          await Promise.race([certifying, ended]);
          certifying = undefined;
          bytes -= CERTAIN_BYTES;
        }
        await settle(watcher);
        if (bytes >= CERTAIN_BYTES) certifying ??= hearAll(watcher);
        const length = await source.fill(target);
        bytes += length;
        return length;
      },
    };
  }

  function look(): void {
    const now = performance.now();
    const listening = isListening();
    for (const watcher of watchers) {
      if (!listening) watcher.doubtfulSince ??= now;
      const isUncertain = watcher.changed || watcher.asking || !listening;
      if (!isUncertain) watcher.doubtfulSince = undefined;
      const { doubtfulSince = now } = watcher;
      if (isOver(watcher) || now - doubtfulSince >= PATIENCE_MS) end(watcher);
      else if (isUncertain && !watcher.asking) void ask(watcher);
    }
    if (watchers.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  }

  return {
    watch(authorization, principal, isOutdated) {
      const watcher: Watcher = {
        ...{ authorization, principal, since: new Date(), ended: new AbortController() },
        ...{ asking: false, changed: false, settled: undefined, doubtfulSince: undefined },
      };
      const { signal } = watcher.ended;
      watchers.add(watcher);
      timer ??= setInterval(look, LOOK_MS).unref();
      if (isOutdated || !isListening()) markChanged(watcher);
      return {
        signal,
        guard: (source) => guard(source, watcher),
        certify: () => certify(watcher),
        stop() {
          watchers.delete(watcher);
        },
      };
    },
    changed(clientId) {
      for (const watcher of watchers) {
        if (clientId === undefined || watcher.principal.clientId === clientId) markChanged(watcher);
      }
    },
  };
}

/** Whether the last day of the mandate has passed, of which nobody tells. */
function isOver({ principal: { mandate } }: Watcher): boolean {
  return mandate !== null && mandate.endsAt.getTime() <= Date.now();
}

/** Whether `now` may all that `then` could. */
function hasAllOf(now: Principal, then: Principal): boolean {
  const domains = now.domains === null || (then.domains?.every((domain) => now.domains?.includes(domain)) ?? false);
  return domains && [...then.scopes].every((scope) => now.scopes.has(scope));
}

function once(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => signal.addEventListener('abort', () => done(), { once: true }));
}
