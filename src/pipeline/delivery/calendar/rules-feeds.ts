// What a calendar feed is: the form of its address, what it lets see, and how many there can be.
import { type Scope, secretTexts } from '../../../access/index.ts';

/** Feeds of a municipality that work at a time. */
export const MOST_FEEDS = 50;

/** A feed shows what this scope lets its maker see, for as long as the maker has it. */
export const SHOWN_BY: Scope = 'raw-data:read';

export const FEED_TEXTS = secretTexts('calendar', 'calendar-feed-check');

/** @returns the address of a feed. @param origin scheme and host under which users reach the service */
export function addressOf(origin: string, text: string): string {
  return `${origin}/calendar/${text}.ics`;
}
