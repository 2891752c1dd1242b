// Which form and language of an answer the client wants. Unknown wishes fall back to JSON and Danish; nothing is refused.
import type { FastifyRequest } from 'fastify';

/** @returns the names of a list such as `Accept`, the most wanted first, those with q=0 left out. */
function preferences(header: string | undefined): string[] {
  if (header === undefined) return [];
  return header
    .split(',')
    .map((item) => {
      const [name = '', ...parameters] = item.toLowerCase().split(';');
      const q = parameters.map((parameter) => /^\s*q=([0-9.]+)\s*$/.exec(parameter)?.[1]).find(Boolean);
      return { name: name.trim(), q: q === undefined ? 1 : Number(q) };
    })
    .filter(({ q }) => q > 0)
    .sort((a, b) => b.q - a.q)
    .map(({ name }) => name);
}

/** Whether the answer is to be CSV: `?format=csv` decides (as does `?format=json`), else `Accept` does. */
export function wantsCsv(request: FastifyRequest): boolean {
  const { format } = request.query as { format?: string };
  if (format !== undefined) return format === 'csv';
  const { accept } = request.headers;
  // Nearly every hot read comes without a wish; do not parse for it.
  if (accept === undefined || accept === '*/*' || accept === 'application/json') return false;
  const wanted = preferences(accept).find(
    (name) => name === 'text/csv' || name === 'application/json' || name === '*/*',
  );
  return wanted === 'text/csv';
}

/** The language of catalogue texts by `Accept-Language`; Danish when the client has no wish that can be met. */
export function languageOf(request: FastifyRequest): 'da' | 'en' {
  const header = request.headers['accept-language'];
  if (header === undefined) return 'da';
  for (const name of preferences(header)) {
    const language = name.split('-')[0];
    if (language === 'da' || language === 'en') return language;
  }
  return 'da';
}
