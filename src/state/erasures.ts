import { z } from "zod";
import type { ObjectStore } from "../core/ports.ts";
import { fileRef, type FileRef, type Plan } from "./documents.ts";
import type { StateKeys } from "./state-keys.ts";
import { createDocument, hasDocument, readDocument } from "./state-store.ts";

const count = z.int().nonnegative();

/** A file that held rows that are forgotten, and the one that stands in its place; null: nothing needs it. */
const rewrittenFile = z.strictObject({ generation: count, rows: count, from: fileRef, to: fileRef.nullable() }).readonly();
export type RewrittenFile = z.infer<typeof rewrittenFile>;

/** Rows that were erased from the state root: which files were written anew, and which objects of the destination hold them; no value, and no hash of one. */
const erasureSchema = z
  .strictObject({
    format: z.literal("spillway/erasure/1"),
    stream: z.string(),
    run: z.string(),
    at: z.iso.datetime(),
    by: z.string(),
    reason: z.string().nullable(),
    keys: count,
    files: z.array(rewrittenFile).readonly(),
    /** Runs whose staged bytes told of the rows. */
    staged: z.array(z.string()).readonly(),
    /** By their places in their plans: a name may hold what files are split by. */
    objects: z.array(z.strictObject({ generation: count, object: count }).readonly()).readonly(),
  })
  .readonly();
export type Erasure = z.infer<typeof erasureSchema>;

/** Records what an erasure is about to do. From here on it is brought to its end, also by those who do not know the rows. */
export async function createErasure(store: ObjectStore, keys: StateKeys, erasure: Erasure, signal: AbortSignal): Promise<void> {
  await createDocument(store, keys.erasure(erasure.run), erasure, signal);
}

/** Notes that an erasure has come to its end: no file that it took the place of is left. */
export async function closeErasure(store: ObjectStore, keys: StateKeys, { run }: Erasure, at: Date, signal: AbortSignal): Promise<void> {
  const note = { format: "spillway/note/1", run, at: at.toISOString() };
  if (await hasDocument(store, keys.erased(run), signal)) return;
  await createDocument(store, keys.erased(run), note, signal);
}

/** Erasures of a stream, oldest first, and which of them have come to their end. */
export interface Erasures {
  readonly all: readonly Erasure[];
  readonly open: readonly Erasure[];
  /** The file that stands for one that was rewritten; null: it was given up, for nothing needed it. Any other file is itself. */
  follow(file: FileRef): FileRef | null;
  /** Whether another file stands in this one's place. */
  isRewritten(file: FileRef): boolean;
  /** Whether objects of a generation hold rows that were erased here. */
  concern(generation: number): boolean;
  /** A plan of the past with the delta that stands there today. */
  planned(plan: Plan): Plan;
}

/** Reads the erasures of a stream; what a plan names is to be looked for through them. */
export async function readErasures(store: ObjectStore, keys: StateKeys, signal: AbortSignal): Promise<Erasures> {
  const names = await store.list(keys.erasurePrefix, signal);
  const all: Erasure[] = [];
  for (const name of names.filter((each) => each.endsWith(".json"))) {
    const found = await readDocument(store, name, erasureSchema, signal);
    if (found !== null) all.push(found);
  }
  const steps = new Map(all.flatMap(({ files }) => files.map(({ from, to }) => [from.key, to] as const)));
  const follow = (file: FileRef): FileRef | null => {
    let found: FileRef | null = file;
    while (found !== null) {
      const next = steps.get(found.key);
      if (next === undefined) return found;
      found = next;
    }
    return found;
  };
  return {
    all,
    open: all.filter(({ run }) => !names.includes(keys.erased(run))),
    follow,
    isRewritten: (file) => steps.has(file.key),
    concern: (generation) => all.some(({ objects }) => objects.some((object) => object.generation === generation)),
    planned: (plan) => ({ ...plan, delta: follow(plan.delta) ?? plan.delta }),
  };
}
