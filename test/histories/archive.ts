import { createHash } from "node:crypto";
import type { ObjectStore } from "../../src/core/ports.ts";
import { planSchema } from "../../src/state/documents.ts";
import { stateKeys } from "../../src/state/state-keys.ts";
import type { Bucket, StoredObject } from "./memory-store.ts";

/** Everything that ever stood at a destination, whoever took it away since, and what was wrong with it. */
export interface Archive {
  /** By `<place> <key>`. */
  readonly created: Map<string, StoredObject & { readonly sha256: string }>;
  readonly violations: string[];
}

/**
 * A destination that remembers every object and complains at once when a key gets a second content, or when a file or manifest leaves
 * before a plan of its generation names it with its hash.
 */
export function watchedStore(store: ObjectStore, place: string, archive: Archive, state: Bucket): ObjectStore {
  return {
    ...store,
    putNew: async (key, body, facts, signal) => {
      if (facts !== null && facts.generation > 0 && !isPlanned(state, facts.generation, key, body.sha256))
        archive.violations.push(`${key} was sent although no plan of generation ${facts.generation} names it`);
      const outcome = await store.putNew(key, body, facts, signal);
      if (outcome.kind !== "created") return outcome;
      const name = `${place} ${key}`;
      const before = archive.created.get(name);
      if (before !== undefined && before.sha256 !== body.sha256) archive.violations.push(`${name} got a second content`);
      const stream = body.open();
      archive.created.set(name, { bytes: Buffer.concat(await stream.toArray()), facts, sha256: body.sha256 });
      return outcome;
    },
  };
}

function isPlanned(state: Bucket, generation: number, key: string, sha256: string): boolean {
  const plan = state.objects.get(stateKeys("users").plan(generation));
  if (plan === undefined) return false;
  const { objects, manifest } = planSchema.parse(JSON.parse(plan.bytes.toString("utf8")));
  return [...objects, ...(manifest === null ? [] : [manifest])].some((object) => object.key === key && object.sha256 === sha256);
}

/** A table as a consumer holds it: key text → the row's other columns. */
export type Held = ReadonlyMap<string, string>;

interface Told {
  readonly generation: number;
  readonly kind: string;
  readonly previous: { readonly generation: number; readonly sha256: string } | null;
  readonly objects: readonly { readonly key: string; readonly change: string; readonly rows: number; readonly sha256: string }[];
}

/**
 * What a consumer of a place holds who applied every generation once, in order. Complains about a manifest without one of its objects, and
 * about one that does not follow the manifest before it (`givenUp` are generations whose manifest may have slipped through; null: nobody knows them).
 */
export function consumeArchive(archive: Archive, place: string, givenUp: ReadonlySet<number> | null): Held {
  const rows = new Map<string, string>();
  for (const { told, place: at } of manifests(archive, givenUp)) {
    if (at !== place) continue;
    if (told.kind === "full") rows.clear();
    for (const object of told.objects) apply(archive, `${place} ${object.key}`, object, rows);
  }
  return rows;
}

/** What a consumer of a place holds who began with the newest generation that tells the whole table. */
export function consumeFromWhole(archive: Archive, place: string): Held {
  const rows = new Map<string, string>();
  const delivered = manifests(archive, null).filter((each) => each.place === place);
  const start = delivered.findLastIndex(({ told }) => told.kind !== "delta");
  for (const [at, { told }] of delivered.entries()) {
    const begins = at === start && told.kind === "checkpoint";
    if (at < start) continue;
    if (told.kind === "full") rows.clear();
    for (const object of told.objects) if (!begins || object.change === "full") apply(archive, `${place} ${object.key}`, object, rows);
  }
  return rows;
}

/** What a consumer holds who knows nothing of manifests and takes every file that was ever there, by its name. */
export function consumeFiles(archive: Archive, place: string): Held {
  const rows = new Map<string, string>();
  const files = [...archive.created.keys()].flatMap((name) => {
    const { generation, change } = /^\w+ users\/(?<generation>\d+)-(?<change>\w+)\.csv$/.exec(name)?.groups ?? {};
    return change === undefined || !name.startsWith(`${place} `)
      ? []
      : [{ name, order: Number(generation) * 10 + ORDER.indexOf(change), change }];
  });
  for (const { name, change } of files.toSorted((a, b) => a.order - b.order)) {
    if (change === "full") rows.clear();
    for (const line of linesOf(archive.created.get(name)?.bytes)) applyLine(line, change, rows);
  }
  return rows;
}

/** Files of one generation are applied in this order; one with all rows begins anew, so what is removed is no longer there. */
const ORDER = ["full", "removed", "changed", "added"];

interface Delivered {
  readonly place: string;
  readonly told: Told;
}

function manifests(archive: Archive, givenUp: ReadonlySet<number> | null): readonly Delivered[] {
  const found = [...archive.created]
    .filter(([name]) => /_spillway\/users\/\d+\.json$/.test(name))
    .map(([name, { bytes, sha256 }]) => ({ place: name.split(" ")[0] ?? "", told: JSON.parse(bytes.toString("utf8")) as Told, sha256 }))
    .toSorted((a, b) => a.told.generation - b.told.generation);
  for (const [at, { told }] of givenUp === null ? [] : found.entries()) {
    const from = found.findLastIndex((each, index) => index < at && each.sha256 === told.previous?.sha256);
    const skipped = found.slice(from + 1, at).filter((each) => !givenUp?.has(each.told.generation));
    if (skipped.length > 0 || (told.previous !== null && from === -1))
      archive.violations.push(`manifest ${told.generation} does not follow ${skipped.at(-1)?.told.generation ?? "what it names"}`);
  }
  return found;
}

function apply(archive: Archive, name: string, object: Told["objects"][number], rows: Map<string, string>): void {
  const stored = archive.created.get(name);
  if (stored === undefined || createHash("sha256").update(stored.bytes).digest("hex") !== object.sha256) {
    archive.violations.push(`${name} is not what its manifest says`);
    return;
  }
  const lines = linesOf(stored.bytes);
  if (lines.length !== object.rows) archive.violations.push(`${name} has ${lines.length} rows, not ${object.rows}`);
  for (const line of lines) applyLine(line, object.change, rows);
}

/** Rows of a file; no value of these histories needs quotes. */
function linesOf(bytes: Buffer | undefined): readonly string[] {
  return bytes?.toString("utf8").split("\n").slice(1, -1) ?? [];
}

function applyLine(line: string, change: string, rows: Map<string, string>): void {
  const [key = "", ...columns] = line.split(",");
  if (change === "removed") rows.delete(key);
  else rows.set(key, columns.join());
}
