// sha256 of large files on threads of their own. Hashing on the main thread holds up every job of the worker, and the archive of a package and
// its tables are the same bytes twice: on two threads they take half as long.
import { Worker } from 'node:worker_threads';
import type { DigestAnswer, DigestOrder, DigestPiece } from './thread.ts';

export interface Digester {
  /** sha256 (hex) of a file made of pieces. @throws when a piece is not there in full, or has other bytes than its CRC-32 says (code `wrong-bytes`) */
  digest(pieces: readonly DigestPiece[]): Promise<string>;
  /** Ends the threads; what is under way is given up. */
  close(): Promise<void>;
}

interface Waiting {
  readonly bytes: number;
  resolve(sha256: string): void;
  reject(error: Error): void;
}

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

const THREADS = 2;

/** Starts its threads at once: a thread takes as long to start as a package to digest. One that died is started again when it is needed. */
export function createDigester(): Digester {
  const threads: (Thread | undefined)[] = [];
  const threadAt = (index: number): Thread => {
    const thread = threads[index] ?? startThread(() => delete threads[index]);
    threads[index] = thread;
    return thread;
  };
  const all = () => Array.from({ length: THREADS }, (_, index) => threadAt(index));
  let orders = 0;
  all();
  return {
    digest(pieces) {
      const id = orders++;
      const { worker, waiting } = all().reduce((a, b) => (bytesWaiting(b) < bytesWaiting(a) ? b : a));
      const bytes = pieces.reduce((sum, piece) => sum + ('path' in piece ? piece.end + 1 - piece.start : 0), 0);
      return new Promise((resolve, reject) => {
        waiting.set(id, { bytes, resolve, reject });
        worker.postMessage({ id, pieces } satisfies DigestOrder);
      });
    },
    async close() {
      await Promise.all(threads.map((thread) => thread?.worker.terminate()));
    },
  };
}

function bytesWaiting({ waiting }: Thread): number {
  return [...waiting.values()].reduce((sum, { bytes }) => sum + bytes, 0);
}

function startThread(onExit: () => void): Thread {
  const worker = new Worker(new URL('./thread.ts', import.meta.url));
  const waiting: Thread['waiting'] = new Map();
  // A process that is otherwise done need not wait for its threads.
  worker.unref();
  worker.on('message', (answer: DigestAnswer) => {
    const order = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('sha256' in answer) order?.resolve(answer.sha256);
    else order?.reject(Object.assign(new Error(`the digest failed: ${answer.fault}`), { code: answer.fault }));
  });
  // An exit follows each error, and tells those who wait.
  worker.on('error', () => {});
  worker.on('exit', () => {
    onExit();
    for (const { reject } of waiting.values()) reject(new Error('the digest was given up'));
    waiting.clear();
  });
  return { worker, waiting };
}
