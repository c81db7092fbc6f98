import { nearestName } from "../core/nearest-name.ts";

const MAX_SHOWN = 8;

/** `did you mean "x"?`, else the names that exist, else null. */
export function suggestName(name: string, candidates: Iterable<string>): string | null {
  const names = [...candidates];
  const nearest = names.find((known) => isSwapped(name.toLowerCase(), known.toLowerCase())) ?? nearestName(name, names);
  if (nearest !== null) return `did you mean "${nearest}"?`;
  if (names.length === 0) return null;
  const more = names.length > MAX_SHOWN ? `, and ${names.length - MAX_SHOWN} more` : "";
  return `known: ${names.slice(0, MAX_SHOWN).join(", ")}${more}`;
}

/** Whether two neighbouring letters changed places, the slip of fast fingers: two edits to a distance, one to a person. */
function isSwapped(name: string, known: string): boolean {
  if (name.length !== known.length || name === known) return false;
  const at = [...name].findIndex((letter, index) => letter !== known[index]);
  return name.slice(0, at) + name.charAt(at + 1) + name.charAt(at) + name.slice(at + 2) === known;
}
