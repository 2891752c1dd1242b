// Request bodies that are files: handed to the handler as a stream, never held in memory. The handler counts bytes and enforces the limit.
import type { App } from './app.ts';

/** Makes the routes of `scoped` (an encapsulated part of the server) take bodies of these media types as a `Readable` in `request.body`; JSON is no longer taken there. */
export function acceptStreams(scoped: App, mediaTypes: readonly string[]): void {
  scoped.removeAllContentTypeParsers();
  scoped.addContentTypeParser([...mediaTypes], (_request, payload, done) => done(null, payload));
}
