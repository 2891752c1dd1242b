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

const WIDTH = 30;
const CLEAR_LINE = '\r\u001b[2K';

/** Starts a progress of `total` steps. */
export function startProgress(out: Output, total: number): Progress {
  if (!out.isTTY) {
    const print = (line: string) => out.write(`${line}\n`);
    return { step: print, note: print, end() {} };
  }
  let done = 0;
  let current = '';
  const draw = () => {
    const filled = Math.round((done / Math.max(1, total)) * WIDTH);
    out.write(`${CLEAR_LINE}[${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}] ${done}/${total} ${current}`);
  };
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
