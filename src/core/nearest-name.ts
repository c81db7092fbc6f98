import { distance } from "fastest-levenshtein";

/** The known name that somebody most likely meant, or null when none is near; case counts for nothing. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const wanted = name.toLowerCase();
  const limit = Math.max(1, Math.floor(Math.max(wanted.length, 3) * 0.4));
  let best: { readonly name: string; readonly far: number } | null = null;
  for (const candidate of known) {
    const far = distance(wanted, candidate.toLowerCase());
    if (far <= limit && candidate !== name && (best === null || far < best.far)) best = { name: candidate, far };
  }
  return best?.name ?? null;
}
