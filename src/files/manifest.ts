import { z } from "zod";
import type { ResolvedMapping } from "../core/delta.ts";
import type { FileChange, FileFormat } from "../core/types.ts";
import { APPLY_ORDER, fileGroups } from "./change-groups.ts";
import { columnKind } from "./field-texts.ts";
import { RESERVED_FOLDER } from "./object-key.ts";
import { headerOf } from "./removed-columns.ts";

const HASH = z.string().regex(/^[0-9a-f]{64}$/u);
const COUNT = z.int().nonnegative();
const INSTANT = z.iso.datetime();

const KINDS = ["integer", "decimal", "float", "boolean", "date", "time", "timestamp", "timestamp_tz", "bytes", "json", "text"] as const;

const COLUMN_SCHEMA = z
  .object({
    name: z.string().describe("As in the header of the files."),
    type: z.enum(KINDS).describe("Class of the column's texts; docs/files.md shows each."),
    metadata: z
      .enum(["_change", "_member", "_run_id", "_generation", "_scheduled_at", "_changed_columns", "_message_id", "_previous"])
      .nullable()
      .describe("The fact of the run that the column shows; null when it shows the row."),
  })
  .describe("A column of the files.");

const CHANGE_SCHEMA = z
  .object({
    name: z.string().describe("As in the names of files."),
    kinds: z
      .array(z.enum(APPLY_ORDER))
      .describe("Kinds of change of its rows: removed rows go; changed, added and full rows stand as they are in the file."),
    columns: z
      .array(z.string())
      .optional()
      .describe("Names of the columns that its objects have, where those are not all of them (removed_columns: key)."),
  })
  .describe("A change that has objects. Rows of several kinds are told apart by a column that shows `_change`, if there is one.");

const FORMAT_SCHEMA = z.object({
  format: z.enum(["csv", "txt", "ndjson", "parquet"]),
  delimiter: z.string().describe("Between fields; of csv and txt only, like header, quote and null."),
  header: z.boolean(),
  quote: z.enum(["minimal", "all", "non_null", "none"]),
  null: z.string().describe("Stands for NULL: without quotes, but under quote: all."),
  newline: z.enum(["lf", "crlf"]),
  bom: z.boolean().describe("Whether files begin with a byte order mark."),
  formula_guard: z.boolean().describe("Whether an apostrophe stands before texts that look like a formula."),
  unencodable: z.enum(["fail", "replace", "strip"]).describe("What became of characters that the format cannot carry."),
  timestamp: z.string().describe("iso, epoch, epoch_ms or a strftime pattern."),
  timezone: z.string(),
  boolean: z.tuple([z.string(), z.string()]).describe("Texts for true and false."),
  compression: z.enum(["none", "gzip", "zstd", "snappy"]).describe("Of the whole file; in a Parquet file, of its columns."),
  encryption: z.enum(["none", "pgp"]).describe("pgp: each file is a binary OpenPGP message."),
});

const OBJECT_SCHEMA = z
  .object({
    change: z.string().describe("What its rows say: one of `changes`."),
    split: z
      .record(z.string(), z.string().nullable())
      .describe("Value of each column that files are split by, as in every row of the file; empty when they are not split."),
    part: z.int().positive().describe("Counts from 1 within one change and combination of split values."),
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
        "delta: what changed since the generation before. full: every row; what is not in it is gone. checkpoint: the delta, and beside it every row as change `full`: whoever has applied the generation before leaves those out, and whoever starts here takes them alone.",
      ),
    generation: z.int().positive().describe("Counts up; one that was given up is left out. Apply each generation once, in this order."),
    previous: z
      .object({ generation: z.int().positive(), sha256: HASH.describe("Hash of that manifest's bytes.") })
      .nullable()
      .describe("The generation delivered before; null for the first. Apply this one only on top of it."),
    state_id: z.string().describe("Names the state that delivers this stream; the same in every generation and in claim.json."),
    run_id: z.string(),
    slot: INSTANT.describe("The scheduled instant that the run stands for; for a run outside a schedule, the instant in its place."),
    format: FORMAT_SCHEMA,
    columns: z.array(COLUMN_SCHEMA).describe("In the order of the files."),
    changes: z.array(CHANGE_SCHEMA).describe("In the order to apply them."),
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
  readonly mapping: Pick<ResolvedMapping, "header" | "outputs" | "removed">;
  /** Rows that the generation tells, by kind of change. */
  readonly counts: Readonly<Record<FileChange, number>>;
  /** In any order. */
  readonly objects: readonly (Readonly<Omit<Manifest["objects"][number], "split">> & {
    readonly split?: Readonly<Record<string, string | null>> | undefined;
  })[];
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
    format: formatOf(format),
    columns: columnsOf(facts.mapping),
    ...objectsOf(facts),
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

function formatOf(format: FileFormat): Manifest["format"] {
  return {
    format: format.format,
    delimiter: format.delimiter,
    header: format.header,
    quote: format.quote,
    null: format.nullText,
    newline: format.newline,
    bom: format.bom,
    formula_guard: format.formulaGuard,
    unencodable: format.unencodable,
    timestamp: format.timestamp,
    timezone: format.timezone,
    boolean: [...format.boolean],
    compression: format.compression,
    encryption: format.recipients.length === 0 ? "none" : "pgp",
  };
}

function columnsOf({ header, outputs }: ManifestFacts["mapping"]): Manifest["columns"] {
  return header.map((column) => ({
    name: column.name,
    type: columnKind(column, outputs),
    metadata: "metadata" in column ? column.metadata : null,
  }));
}

function objectsOf({ objects, counts, format, mapping }: ManifestFacts): Pick<Manifest, "changes" | "rows" | "objects"> {
  const changes = fileGroups(format)
    .filter((group) => objects.some((object) => object.change === group.name))
    .map(({ name, kinds }) => ({ name, kinds: [...kinds], ...columnsOfGroup(mapping, kinds) }));
  const told = new Set(changes.flatMap((change) => change.kinds));
  const rows = (kind: FileChange): number => (told.has(kind) ? counts[kind] : 0);
  const rank = (object: { readonly change: string }): number => changes.findIndex((change) => change.name === object.change);
  return {
    changes,
    rows: { removed: rows("removed"), changed: rows("changed"), added: rows("added"), full: rows("full") },
    objects: objects
      .map(({ change, split, part, key, rows: count, size, sha256 }) => ({
        change,
        split: sortedSplit(format, split),
        part,
        key,
        rows: count,
        size,
        sha256,
      }))
      .toSorted((a, b) => rank(a) - rank(b) || compareSplits(format, a.split, b.split) || a.part - b.part),
  };
}

function columnsOfGroup(mapping: ManifestFacts["mapping"], kinds: readonly FileChange[]): { readonly columns?: string[] } {
  const header = headerOf(mapping, kinds);
  return header.length === mapping.header.length ? {} : { columns: header.map(({ name }) => name) };
}

function sortedSplit({ splitBy }: FileFormat, split: Readonly<Record<string, string | null>> = {}): Record<string, string | null> {
  return Object.fromEntries(splitBy.map((name) => [name, split[name] ?? null]));
}

/** As the files are written: by each column in turn, NULL first, then by UTF-8 bytes. */
function compareSplits({ splitBy }: FileFormat, a: Record<string, string | null>, b: Record<string, string | null>): number {
  for (const name of splitBy) {
    const [left = null, right = null] = [a[name], b[name]];
    if (left === right) continue;
    if (left === null || right === null) return left === null ? -1 : 1;
    return Buffer.compare(Buffer.from(left), Buffer.from(right));
  }
  return 0;
}

/** The JSON schema (draft 7) that consumers check manifests with. Open for more: keys are only ever added to version 1. */
export function manifestJsonSchema(): object {
  return { title: "Spillway manifest", ...z.toJSONSchema(MANIFEST_SCHEMA, { io: "input", target: "draft-7" }) };
}
