import { SyncError } from "../core/errors.ts";
import type { FileFormat, Stream } from "../core/types.ts";
import { doneTemplate, fileTemplate } from "../files/file-template.ts";
import { generationOfKey } from "../files/key-generation.ts";
import type { Current, Names, Plan } from "../state/documents.ts";
import { readPlan } from "../state/plans.ts";
import type { RunContext } from "./run-context.ts";

/** How a stream names its objects, as plans and CURRENT keep it. */
export function namesOf({ fileFormat }: Pick<Stream, "fileFormat">): Names {
  const { folder, name, extension, splitBy, groups, overwrite, doneFile } = fileFormat;
  return { folder, name, extension, splitBy, groups, overwrite, doneFile };
}

/** The names that generations had so far, one entry for each change of them, with those of a plan. */
export function withNames(known: Current["names"], { names, generation }: Pick<Plan, "names" | "generation">): Current["names"] {
  if (names === undefined || sameNames(known?.at(-1)?.names, names)) return known;
  return [...(known ?? []), { from: generation, names }];
}

function sameNames(a: Names | undefined, b: Names): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * Refuses keys that an earlier generation used. Names as they are now never meet themselves; where they were others before, a key tells which
 * generation it could be of, and that one's plan whether it is.
 */
export async function refuseUsedKeys(context: RunContext, current: Current, keys: readonly string[], signal: AbortSignal): Promise<void> {
  const now = namesOf(context.stream);
  const past = (current.names ?? []).map((entry, at, all) => ({ ...entry, to: all[at + 1]?.from ?? current.generation + 1 }));
  for (const { names, from, to } of past) {
    if (sameNames(names, now)) continue;
    for (const key of keys) {
      const used = await usedBy(context, { names, from, to }, key, signal);
      if (used !== null) throw keyUsed(context.stream, key, used);
    }
  }
}

async function usedBy(
  { stream, state, keys }: RunContext,
  { names, from, to }: { readonly names: Names; readonly from: number; readonly to: number },
  key: string,
  signal: AbortSignal,
): Promise<number | null> {
  const named = { ...stream, fileFormat: { ...stream.fileFormat, ...names } satisfies FileFormat };
  for (const template of [fileTemplate(named), doneTemplate(named)]) {
    const generation = template === null ? "none" : generationOfKey(template, key);
    if (generation === "any") return from;
    if (generation === "none" || generation < from || generation >= to) continue;
    const plan = await readPlan(state, keys, generation, signal);
    const used = [...(plan?.objects ?? []), ...(plan?.done === undefined ? [] : [plan.done])];
    if (used.some((object) => object.key.toLowerCase() === key.toLowerCase())) return generation;
  }
  return null;
}

function keyUsed(stream: Stream, key: string, generation: number): SyncError {
  return new SyncError(
    "CONFIG_KEYS_COLLIDE",
    `${stream.file}: generation ${generation} of ${stream.name} used the key ${key}, which file.folder and file.name give to this one as well. Nothing was sent.`,
    {
      hint: "Names were changed to some that meet the earlier ones: write the files into another file.folder.",
      context: { stream: stream.name, key, generation },
    },
  );
}
