/** A field that is a list of hosts, domains or addresses: every entry is read as the place takes it. */
import { texts, type About } from './fields.ts';
import { entryProblem, type Place } from './list-entry.ts';

export function entryList(place: Place, words: About, fallback: readonly string[] = []) {
  const fields = { ...words, place };
  return texts(fields, entryProblem(place), fallback);
}
