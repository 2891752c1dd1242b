// Reads iCalendar with the parser of Thunderbird, which shares nothing with what writes it here.
import ICAL from 'ical.js';

/** @returns the whole, and its events in order. @throws where it is no iCalendar */
export function parseCalendar(text: string) {
  const root = new ICAL.Component(ICAL.parse(text));
  return { root, events: root.getAllSubcomponents('vevent').map((one) => new ICAL.Event(one)) };
}
