// The form of a token, checked before any library sees it: jose alone takes white space and non-canonical base64url.

const MAX_LENGTH = 4096;

/** Whether `text` is a JWS in compact form: three segments, each exactly what base64url makes of its bytes, the first two JSON objects without doubled members. */
export function isCompactJws(text: string): boolean {
  if (text.length > MAX_LENGTH) return false;
  const segments = text.split('.');
  if (segments.length !== 3 || !segments.every(isCanonical)) return false;
  return segments.slice(0, 2).every((segment) => isPlainJson(Buffer.from(segment, 'base64url').toString('utf8')));
}

function isCanonical(segment: string): boolean {
  return segment !== '' && Buffer.from(segment, 'base64url').toString('base64url') === segment;
}

/** JSON.parse keeps the last of doubled members where another reader keeps the first; a token must not mean two things. */
function isPlainJson(text: string): boolean {
  let members = 0;
  try {
    const value: unknown = JSON.parse(text, function count(key, member) {
      if (!Array.isArray(this) && key !== '') members += 1;
      return member;
    });
    return typeof value === 'object' && value !== null && !Array.isArray(value) && members === countMembers(text);
  } catch {
    return false;
  }
}

/** Counts the member names of valid JSON text: strings that a colon follows. */
function countMembers(text: string): number {
  return text.match(/"(?:[^"\\]|\\.)*"\s*(:?)/g)?.filter((match) => match.endsWith(':')).length ?? 0;
}
