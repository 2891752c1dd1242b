// Request bodies that are read as streams: files, which are handed to the handler and never held in memory (it counts bytes and
// enforces the limit), and bodies that are not there.
import { Readable } from 'node:stream';
import type { App } from './app-type.ts';

/** Makes the routes of `scoped` (an encapsulated part of the server) take bodies of these media types as a `Readable` in `request.body`; JSON is no longer taken there. */
export function acceptStreams(scoped: App, mediaTypes: readonly string[]): void {
  scoped.removeAllContentTypeParsers();
  scoped.addContentTypeParser([...mediaTypes], (_request, payload, done) => done(null, payload));
}

/** Gives whoever reads the body of a request that has none an empty one: Node has ended and closed its own before anybody could hear of it. */
export function giveEmptyBodies(app: App): void {
  app.addHook('preParsing', ({ raw }, _reply, payload, done) => {
    const { method, readableEnded } = raw;
    // Fastify reads none with these methods.
    const isRead = method !== 'GET' && method !== 'HEAD';
    done(null, isRead && readableEnded ? Readable.from([]) : payload);
  });
}
