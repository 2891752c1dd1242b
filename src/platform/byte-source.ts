// Bytes that are read into buffers of the reader's own, so that a few buffers serve any number of bytes.
// Why: V8 collects all garbage after every 32 MB or so of new Buffers, whatever their age (measured: 50 ms a collection, a third of a download).

export interface ByteSource {
  /** Fills `target` from its beginning, with as much as is at hand. @returns how many bytes; 0 at the end. One call at a time. @throws when the bytes are not there */
  fill(target: Buffer): Promise<number>;
}
