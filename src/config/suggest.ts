import { nearestName } from "../core/nearest-name.ts";

const MAX_SHOWN = 8;

/** `did you mean "x"?`, else the names that exist, else null. */
export function suggestName(name: string, known: Iterable<string>): string | null {
  const names = [...known];
  const nearest = nearestName(name, names);
  if (nearest !== null) return `did you mean "${nearest}"?`;
  if (names.length === 0) return null;
  const more = names.length > MAX_SHOWN ? `, and ${names.length - MAX_SHOWN} more` : "";
  return `known: ${names.slice(0, MAX_SHOWN).join(", ")}${more}`;
}
