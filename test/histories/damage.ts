import type { HistoryWorld } from "./history-world.ts";

/** Documents and files of a stream that histories damage. */
export const PARTS = ["current", "base", "log", "plans", "staging"] as const;
export const DAMAGES = ["cut", "flip", "remove"] as const;
export type Damage = (typeof DAMAGES)[number];

/**
 * Damages the object that stands so far from the newest among those of a part, while nobody works. From then on the state may be called
 * damaged; true when something is gone that nothing else tells of.
 */
export function damage(
  world: HistoryWorld,
  { part, how, which }: { readonly part: (typeof PARTS)[number]; readonly how: Damage; readonly which: number },
): boolean {
  for (const host of ["a", "b"] as const) world.kill(host);
  const keys = [...world.state.objects.keys()].filter(
    (key) => key.startsWith(`users/${part}/`) && /\.(?:json|parquet|csv)$|files\//.test(key),
  );
  const key = keys.toSorted().toReversed()[which];
  const object = key === undefined ? undefined : world.state.objects.get(key);
  if (key === undefined || object === undefined) return false;
  // A plan that is gone before anything of it was marked leaves no trace of itself.
  if (part === "plans" && how === "remove" && !isMarked(world, key)) return false;
  const bytes = Buffer.from(object.bytes);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 0x80;
  if (how === "remove") world.state.objects.delete(key);
  else world.state.objects.set(key, { ...object, bytes: how === "flip" ? bytes : object.bytes.subarray(0, middle) });
  for (const code of ["STATE_DAMAGED", "STATE_BEHIND", "STATE_MISMATCH"]) world.mayFailWith.add(code);
  return how === "remove" || part === "log" || part === "plans";
}

function isMarked(world: HistoryWorld, plan: string): boolean {
  return [...world.state.objects.keys()].some((key) => key.startsWith(plan.replace(/json$/, "sent/")));
}
