// What can go wrong for a command of the client, and the words for it. A fault of the service is told in the service's own words.
import { ConnectionFault, ServiceFault } from './http.ts';

/** Something that the caller must put right before anything is sent. */
export class UsageFault extends Error {}

/** What arrived is not what the service vouches for. */
export class VerificationFault extends Error {}

/** Whether a run can meet such a fault; all else is a mistake in the program. */
export function isForeseen(error: unknown): error is Error {
  return error instanceof VerificationFault || error instanceof ServiceFault || codeOf(error) !== undefined;
}

function codeOf(error: unknown): string | undefined {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** @returns a line about a fault. */
export function describeFault(error: unknown): string {
  if (error instanceof ServiceFault) return describeServiceFault(error);
  if (error instanceof VerificationFault) return error.message;
  if (error instanceof ConnectionFault) return `cannot reach the service (${error.code})`;
  const { syscall, path } = error as { readonly syscall?: string; readonly path?: string };
  return `cannot ${syscall ?? 'use'} ${path ?? 'a file'} (${codeOf(error)})`;
}

function describeServiceFault({ status, message, problem }: ServiceFault): string {
  const rest = { ...problem };
  for (const known of ['type', 'title', 'status', 'code', 'action', 'detail']) delete rest[known];
  const members = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`;
  return [problem?.code ?? status, message, problem?.detail, problem?.action].filter(Boolean).join(' – ') + members;
}
