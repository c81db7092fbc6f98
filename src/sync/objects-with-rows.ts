import { isForgotten, stoodAfter } from "../diffing/forgotten-rows.ts";
import type { Current, Plan } from "../state/documents.ts";
import type { Erasure } from "../state/erasures.ts";
import { readPlan } from "../state/plans.ts";
import { type FileWithRows, placesOf, type Search } from "./forget-search.ts";
import { rowsOf } from "./row-history.ts";
import type { RunContext } from "./run-context.ts";

/** An object of the destination that holds such rows. */
export interface ObjectWithRows {
  readonly generation: number;
  /** Its place in the plan. */
  readonly object: number;
  readonly key: string;
  readonly destination: Plan["identity"]["destination"];
}

/** Objects that tell what a delta says of the rows. */
export async function objectsOf(
  { session, context: { stream } }: Search,
  current: Current,
  plan: Plan,
  { path, places }: FileWithRows,
  signal: AbortSignal,
): Promise<readonly ObjectWithRows[]> {
  const rows = await rowsOf(session, { stream, current, plan, path }, isForgotten(places), signal);
  const keys = new Set(rows.flatMap(({ files }) => files));
  return plan.objects.flatMap(({ key }, object) => (keys.has(key) ? [objectAt(plan, object, key)] : []));
}

function objectAt({ generation, identity: { destination } }: Plan, object: number, key: string): ObjectWithRows {
  return { generation, object, key, destination };
}

/** A checkpoint's files tell the whole table, so also rows that its delta says nothing of; in which of its parts is not looked for. */
export async function checkpointsWith(
  search: Search,
  plans: ReadonlyMap<number, Plan>,
  files: readonly FileWithRows[],
  signal: AbortSignal,
): Promise<readonly ObjectWithRows[]> {
  // A base is the table once the deltas of its generation had been told.
  const told = files.filter(({ rows }) => rows > 0).toSorted((a, b) => a.generation - b.generation || Number(a.isBase) - Number(b.isBase));
  const found: ObjectWithRows[] = [];
  for (const plan of plans.values()) {
    const places = placesOf(search, plan.layout);
    const before = told.filter((file) => file.generation <= plan.generation && String(file.places) === String(places));
    if (plan.kind !== "checkpoint" || places === null || before.length === 0) continue;
    const stored = before.map(({ path, file }) => ({ path, outputs: file.outputs }));
    if (!(await stoodAfter(search.session, stored, { keyCount: plan.layout.keyCount, places }, signal))) continue;
    found.push(...plan.objects.flatMap(({ key, change }, object) => (change === "full" ? [objectAt(plan, object, key)] : [])));
  }
  return found;
}

/** Objects that an erasure found, under their names in the plans. */
export async function recordedObjects(
  { state, keys }: Pick<RunContext, "state" | "keys">,
  { objects }: Pick<Erasure, "objects">,
  signal: AbortSignal,
): Promise<readonly ObjectWithRows[]> {
  const found: ObjectWithRows[] = [];
  for (const { generation, object } of objects) {
    const plan = await readPlan(state, keys, generation, signal);
    const key = plan?.objects[object]?.key;
    if (plan !== null && key !== undefined) found.push(objectAt(plan, object, key));
  }
  return found;
}
