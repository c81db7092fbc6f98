import type { Current } from "../state/documents.ts";
import type { Whereabouts } from "./find-forgotten.ts";
import type { FileWithRows } from "./forget-search.ts";
import type { ObjectWithRows } from "./objects-with-rows.ts";
import { placeName } from "./stream-identity.ts";

/** What was found, or erased; no value of a row. */
export interface ForgetReport {
  readonly stream: string;
  readonly files: readonly { readonly generation: number; readonly key: string; readonly rows: number; readonly to: string | null }[];
  /** Runs whose staged bytes are dropped. */
  readonly staged: readonly string[];
  /** Objects of the destination that hold such rows, for those who erase them there. */
  readonly objects: readonly { readonly generation: number; readonly key: string; readonly url: string }[];
  /** Rows that the destination holds, as far as it was told. */
  readonly told: bigint;
  /** Generations up to this one are no longer kept, so that nobody knows which of their objects hold such rows. */
  readonly horizon: number | null;
  readonly otherKey: readonly number[];
  /** Generations whose objects are named by such a key: plans and records keep these names. */
  readonly named: readonly number[];
  /** Runs whose erasure was interrupted and is finished now. */
  readonly finished: readonly string[];
}

/** A report of nothing. */
export function nothingOf(stream: string): ForgetReport {
  return { stream, files: [], staged: [], objects: [], told: 0n, horizon: null, otherKey: [], named: [], finished: [] };
}

interface Done {
  readonly current: Current;
  readonly files: readonly (Pick<FileWithRows, "generation" | "rows" | "file"> & { readonly to: string | null })[];
}

/** What was found, and the files that stand for the ones that held it. */
export function reportOf(stream: string, { staged, objects, told, otherKey, named }: Whereabouts, { current, files }: Done): ForgetReport {
  return {
    stream,
    files: files.map(({ generation, rows, file, to }) => ({ generation, rows, key: file.key, to })),
    staged,
    objects: objects.map(asObject),
    told,
    horizon: current.horizon?.generation ?? null,
    otherKey,
    named,
    finished: [],
  };
}

/** Two reports of one stream as one. */
export function joined(before: ForgetReport, after: ForgetReport): ForgetReport {
  const known = new Set(before.objects.map(({ url }) => url));
  return {
    ...after,
    told: before.told > after.told ? before.told : after.told,
    finished: [...before.finished, ...after.finished],
    files: [...before.files, ...after.files],
    staged: [...before.staged, ...after.staged],
    objects: [...before.objects, ...after.objects.filter(({ url }) => !known.has(url))],
  };
}

function urlOf({ key, destination }: ObjectWithRows): string {
  return `${placeName({ ...destination, endpoint: "" }).replace(/\/$/, "")}/${key}`;
}

/** An object for those who erase it. */
export function asObject(object: ObjectWithRows): ForgetReport["objects"][number] {
  return { generation: object.generation, key: object.key, url: urlOf(object) };
}
