import { z } from "zod";
import type { ResolvedMapping } from "../core/delta.ts";
import type { FileFormat } from "../core/types.ts";
import { RESERVED_FOLDER } from "./object-key.ts";
import { APPLY_ORDER } from "./write-files.ts";

const HASH = z.string().regex(/^[0-9a-f]{64}$/u);
const COUNT = z.int().nonnegative();
const INSTANT = z.iso.datetime();

const KINDS = ["integer", "decimal", "float", "boolean", "date", "time", "timestamp", "timestamp_tz", "bytes", "json", "text"] as const;

const COLUMN_SCHEMA = z
  .object({
    name: z.string().describe("As in the header of the files."),
    type: z.enum(KINDS).describe("Class of the column's texts; docs/files.md shows each."),
    metadata: z
      .enum(["_change", "_member", "_run_id", "_generation", "_scheduled_at"])
      .nullable()
      .describe("The fact of the run that the column shows; null when it shows the row."),
  })
  .describe("A column of the files.");

const OBJECT_SCHEMA = z
  .object({
    change: z.enum(APPLY_ORDER).describe("What its rows say: removed rows go; changed, added and full rows stand as they are in the file."),
    part: z.int().positive().describe("Counts from 1 within one change."),
    key: z.string().describe("Relative to the destination's prefix."),
    rows: COUNT.describe("Rows without the header."),
    size: COUNT.describe("Bytes of the object."),
    sha256: HASH.describe("Hash of the object's bytes."),
  })
  .describe("A file of this generation.");

/** What a consumer reads about one generation; the order of keys here is their order in the bytes. */
const MANIFEST_SCHEMA = z
  .object({
    version: z.literal(1),
    stream: z.string(),
    kind: z
      .enum(["delta", "full", "checkpoint"])
      .describe(
        "delta: what changed since the generation before. full: every row; what is not in it is gone. checkpoint: the delta, and beside it every row.",
      ),
    generation: z.int().positive().describe("Counts up; one that was given up is left out. Apply each generation once, in this order."),
    previous: z
      .object({ generation: z.int().positive(), sha256: HASH.describe("Hash of that manifest's bytes.") })
      .nullable()
      .describe("The generation delivered before; null for the first. Apply this one only on top of it."),
    state_id: z.string().describe("Names the state that delivers this stream; the same in every generation and in claim.json."),
    run_id: z.string(),
    slot: INSTANT.describe("The scheduled instant that the run stands for; for a run outside a schedule, the instant in its place."),
    format: z.object({
      format: z.enum(["csv", "txt"]),
      delimiter: z.string(),
      header: z.boolean(),
      quote: z.enum(["minimal", "all"]),
      null: z.string().describe("Stands, without quotes, for NULL; in quotes it is a value."),
    }),
    columns: z.array(COLUMN_SCHEMA).describe("In the order of the files."),
    rows: z.object({ removed: COUNT, changed: COUNT, added: COUNT, full: COUNT }).describe("Rows of all objects, by change."),
    objects: z.array(OBJECT_SCHEMA).describe("In the order to apply them."),
  })
  .describe("The last object of a generation: when it stands, all objects that it lists do.");

type Manifest = z.infer<typeof MANIFEST_SCHEMA>;

/** Stands at a stream's place before its first generation: whose it is. */
const CLAIM_SCHEMA = z.object({ version: z.literal(1), stream: z.string(), state_id: z.string() });

/** What a manifest is made of. */
export interface ManifestFacts extends Pick<Manifest, "stream" | "kind" | "generation" | "previous"> {
  readonly stateId: string;
  readonly run: string;
  /** ISO 8601, UTC. */
  readonly slot: string;
  readonly format: FileFormat;
  readonly mapping: Pick<ResolvedMapping, "header" | "outputs">;
  /** In any order. */
  readonly objects: readonly Readonly<Manifest["objects"][number]>[];
}

/** An object small enough to be held in memory. */
export interface SmallObject {
  /** Relative to the destination's prefix. */
  readonly key: string;
  readonly bytes: Buffer;
}

/** The manifest of a generation: equal facts always give equal bytes. */
export function buildManifest(facts: ManifestFacts): SmallObject {
  const { stream, kind, generation, previous, format } = facts;
  const manifest = {
    version: 1,
    stream,
    kind,
    generation,
    previous,
    state_id: facts.stateId,
    run_id: facts.run,
    slot: facts.slot,
    format: { format: format.format, delimiter: format.delimiter, header: format.header, quote: format.quote, null: format.nullText },
    columns: columnsOf(facts.mapping),
    ...objectsOf(facts.objects),
  } satisfies Manifest;
  const key = `${RESERVED_FOLDER}/${stream}/${String(generation).padStart(6, "0")}.json`;
  return { key, bytes: stableBytes(MANIFEST_SCHEMA.parse(manifest)) };
}

/** The claim of a stream: equal for every run of one state. */
export function buildClaim(stream: string, stateId: string): SmallObject {
  return {
    key: `${RESERVED_FOLDER}/${stream}/claim.json`,
    bytes: stableBytes(CLAIM_SCHEMA.parse({ version: 1, stream, state_id: stateId })),
  };
}

/** zod gives the keys in the schema's order, whatever theirs was. */
function stableBytes(checked: object): Buffer {
  return Buffer.from(`${JSON.stringify(checked, null, 2)}\n`);
}

function columnsOf(mapping: ManifestFacts["mapping"]): Manifest["columns"] {
  return mapping.header.map((column) => {
    if ("metadata" in column) return { name: column.name, type: METADATA_KINDS[column.metadata], metadata: column.metadata };
    return { name: column.name, type: mapping.outputs[column.output]?.kind ?? "text", metadata: null };
  });
}

const METADATA_KINDS = {
  _change: "text",
  _member: "boolean",
  _run_id: "text",
  _generation: "integer",
  _scheduled_at: "timestamp_tz",
} as const;

function objectsOf(planned: ManifestFacts["objects"]): Pick<Manifest, "rows" | "objects"> {
  const rank = (object: Pick<Manifest["objects"][number], "change">): number => APPLY_ORDER.indexOf(object.change);
  const objects = planned
    .map(({ change, part, key, rows, size, sha256 }) => ({ change, part, key, rows, size, sha256 }))
    .toSorted((a, b) => rank(a) - rank(b) || a.part - b.part);
  const rows = { removed: 0, changed: 0, added: 0, full: 0 };
  for (const object of objects) rows[object.change] += object.rows;
  return { rows, objects };
}

/** The JSON schema (draft 7) that consumers check manifests with. Open for more: keys are only ever added to version 1. */
export function manifestJsonSchema(): object {
  return { title: "Spillway manifest", ...z.toJSONSchema(MANIFEST_SCHEMA, { io: "input", target: "draft-7" }) };
}
