// The headers that tell a browser what it may do with an answer: run nothing, frame nothing, guess nothing, tell nobody, share with no other site.
// Those of helmet that concern data; the ones that only concern pages are set where the pages are. Each costs a hot read 1 %, so there are no more.

/** Nothing here is a page, so nothing may be run or framed; `/docs` has a policy of its own. */
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'";
const HTTPS_ONLY = 'max-age=31536000; includeSubDomains';

/** @returns the headers of every answer, by name in lower case */
export function securityHeaders(publicOrigin: string): Readonly<Record<string, string>> {
  return {
    'content-security-policy': DATA_POLICY,
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    // RFC 6797, 7.2: not over plain HTTP, where browsers ignore it.
    ...(publicOrigin.startsWith('https:') ? { 'strict-transport-security': HTTPS_ONLY } : {}),
  };
}
