// Shows how far a run is: a bar on a terminal, plain lines otherwise.

/** Where text goes; `process.stdout` is one. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

export interface Progress {
  /** One more of the announced steps is done; `line` says what it came to. */
  step(line: string): void;
  /** A line that is to stay, in the middle of the steps. */
  note(line: string): void;
  end(): void;
}

/** How far the files are that arrive one after the other. */
export interface Transfer {
  /** A file of `total` bytes begins. @returns what is to be told how many of them are here */
  begin(name: string, total: number): (bytes: number) => void;
  /** A line that is to stay. */
  note(line: string): void;
  end(): void;
}

const WIDTH = 30;
const CLEAR_LINE = '\r\u001b[2K';
/** A terminal is written to no more often than eyes can follow. */
const DRAW_MS = 100;

function bar(done: number, total: number): string {
  const filled = Math.round((done / Math.max(1, total)) * WIDTH);
  return `${CLEAR_LINE}[${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}]`;
}

/** Starts a progress of `total` steps. */
export function startProgress(out: Output, total: number): Progress {
  if (!out.isTTY) {
    const print = (line: string) => out.write(`${line}\n`);
    return { step: print, note: print, end() {} };
  }
  let done = 0;
  let current = '';
  const draw = () => out.write(`${bar(done, total)} ${done}/${total} ${current}`);
  draw();
  return {
    step(line) {
      done += 1;
      current = line;
      draw();
    },
    note(line) {
      out.write(`${CLEAR_LINE}${line}\n`);
      draw();
    },
    end: () => out.write(`${CLEAR_LINE}`),
  };
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

/** Shows files as they arrive. */
export function startTransfer(out: Output): Transfer {
  if (!out.isTTY) return { begin: () => () => {}, note: (line) => void out.write(`${line}\n`), end() {} };
  let drawn = 0;
  return {
    begin: (name, total) => (bytes) => {
      const now = performance.now();
      if (now - drawn < DRAW_MS && bytes < total) return;
      drawn = now;
      out.write(`${bar(bytes, total)} ${megabytes(bytes)}/${megabytes(total)} MB ${name}`);
    },
    note: (line) => void out.write(`${CLEAR_LINE}${line}\n`),
    end: () => void out.write(CLEAR_LINE),
  };
}
