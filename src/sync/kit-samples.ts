import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { DeltaCounts, ResolvedMapping, StagedFile } from "../core/delta.ts";
import type { SqlSession } from "../core/ports.ts";
import { Secret } from "../core/secret.ts";
import type { ColumnStep, FileChange, OutputColumn, SqlExpr, Stream } from "../core/types.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { doneKey } from "../files/file-template.ts";
import { madeUpText } from "../files/kit/made-up-text.ts";
import { buildClaim, buildManifest, type ManifestFacts } from "../files/manifest.ts";
import { writeFiles } from "../files/write-files.ts";

/** A file of a kit's example: bytes, or where they lie. */
export interface SampleFile {
  readonly key: string;
  readonly content: { readonly path: string } | { readonly bytes: Buffer };
}

const STATE = "example";
const DAYS = ["2026-01-05T06:00:00.000Z", "2026-01-06T06:00:00.000Z"] as const;

/** What of the made-up rows a generation tells; `before` and `after` are versions of a row. */
interface SampleRow {
  readonly op: FileChange;
  readonly row: number;
  readonly before: number | null;
  readonly after: number | null;
}

/** Steps with a secret get a made-up one: no key that is in use touches a value that everybody knows. */
export function withoutSecrets(columns: readonly OutputColumn[] | null): readonly OutputColumn[] | null {
  if (columns === null) return null;
  return columns.map((column) => {
    const { value, steps } = column;
    const members = value.from === "object" ? (withoutSecrets(value.members) ?? []) : [];
    const made = value.from === "object" ? { ...column, value: { ...value, members } } : column;
    if (steps === undefined) return made;
    const known = steps.map((step): ColumnStep =>
      step.step === "apply" && step.name === "hmac_sha256" ? { ...step, secret: new Secret("key of made-up samples") } : step,
    );
    return { ...made, steps: known };
  });
}

/** Two generations of made-up rows, as the stream would deliver them: every byte comes from the writer of real ones. */
export async function writeSamples(
  session: SqlSession,
  stream: Stream,
  mapping: ResolvedMapping,
  folder: string,
  signal: AbortSignal,
): Promise<readonly SampleFile[]> {
  const claim = buildClaim(stream.name, STATE);
  const files: SampleFile[] = [{ key: claim.key, content: { bytes: claim.bytes } }];
  let previous: { readonly generation: number; readonly sha256: string } | null = null;
  for (const [at, day] of DAYS.entries()) {
    const generation = at + 1;
    const rows = generation === 1 ? firstRows(stream) : nextRows(stream);
    const delta = join(folder, `sample-${generation}.parquet`);
    await writeDelta(session, stream, mapping, rows, delta, signal);
    const counts = countsOf(rows);
    const run = `EXAMPLE${generation}`;
    const scheduledAt = new Date(day);
    await mkdir(join(folder, `files-${generation}`));
    const request = {
      delta: { path: delta, counts },
      mapping,
      stream,
      run,
      generation,
      scheduledAt,
      folder: join(folder, `files-${generation}`),
    };
    const staged = await writeFiles(session, request, signal);
    const done = doneKey(stream, { generation, run, scheduledAt });
    const manifest = sampleManifest(stream, mapping, { generation, previous, run, slot: day, counts, staged });
    files.push(...staged.map(({ key, path }) => ({ key, content: { path } })));
    if (done !== null) files.push({ key: done, content: { bytes: Buffer.alloc(0) } });
    files.push({ key: manifest.key, content: { bytes: manifest.bytes } });
    previous = { generation, sha256: manifest.sha256 };
  }
  return files;
}

function firstRows(stream: Stream): readonly SampleRow[] {
  if (stream.mode !== "full" && !stream.changes.includes("added")) return nextRows(stream);
  const op = stream.mode === "full" ? "full" : "added";
  return [1, 2, 3].map((row) => ({ op, row, before: null, after: 1 }));
}

function nextRows({ mode, changes }: Stream): readonly SampleRow[] {
  if (mode === "full") return [2, 3, 4].map((row) => ({ op: "full", row, before: null, after: row === 2 ? 2 : 1 }));
  const all: readonly SampleRow[] = [
    { op: "removed", row: 1, before: 1, after: null },
    { op: "changed", row: 2, before: 1, after: 2 },
    { op: "added", row: 4, before: null, after: 1 },
  ];
  return all.filter(({ op }) => changes.some((change) => change === op));
}

function countsOf(rows: readonly SampleRow[]): DeltaCounts {
  const count = (op: FileChange): bigint => BigInt(rows.filter((row) => row.op === op).length);
  const told = { added: count("added"), changed: count("changed"), removed: count("removed"), full: count("full") };
  return { ...told, refreshed: 0n, unchanged: 0n, current: BigInt(rows.length), snapshotAfter: BigInt(rows.length) };
}

/** A delta as a comparison would write it (core/delta.ts), its outputs made by the stream's own mapping. */
async function writeDelta(
  session: SqlSession,
  stream: Stream,
  mapping: ResolvedMapping,
  rows: readonly SampleRow[],
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const { columns, keyCount, outputs } = mapping;
  const place = new Map(columns.map((column, at) => [column.name, at]));
  const texts = (row: number, version: number | null): readonly SqlExpr[] =>
    columns.map((column, at) => {
      const text = version === null ? null : madeUpText(stream, column, { row, version, isKey: at < keyCount });
      return text === null ? "CAST(NULL AS VARCHAR)" : sqlText(text);
    });
  const values = rows.map(({ op, row, before, after }, seq) =>
    [String(seq), sqlText(op), ...texts(row, 1), ...texts(row, after), ...texts(row, before)].join(", "),
  );
  const names = ["k", "a", "b"].flatMap((letter) => columns.map((_, at) => `${letter}${at}`));
  const mapped = (letter: string, name: string, isThere: SqlExpr): readonly SqlExpr[] =>
    outputs.map((output, at) => {
      const text = output.expression((column) => `${letter}${place.get(column) ?? 0}`);
      return `CASE WHEN ${isThere} THEN ${text} END AS ${name}${at}`;
    });
  const select = [
    "op",
    ...columns.slice(0, keyCount).map((_, at) => `k${at}`),
    ...mapped("a", "o", "op <> 'removed'"),
    ...mapped("b", "p", "op IN ('removed', 'changed')"),
  ];
  const from = `(VALUES ${values.map((row) => `(${row})`).join(", ")}) AS v(seq, op, ${names.join(", ")})`;
  await session.run(
    `COPY (SELECT ${select.join(", ")} FROM (SELECT * FROM ${from} ORDER BY seq)) TO ${sqlText(path)} (FORMAT parquet)`,
    signal,
  );
}

function sampleManifest(
  stream: Stream,
  mapping: ResolvedMapping,
  facts: Pick<ManifestFacts, "generation" | "previous" | "run" | "slot"> & {
    readonly counts: DeltaCounts;
    readonly staged: readonly StagedFile[];
  },
): { readonly key: string; readonly bytes: Buffer; readonly sha256: string } {
  const { staged, counts: all, ...rest } = facts;
  const counts = { removed: Number(all.removed), changed: Number(all.changed), added: Number(all.added), full: Number(all.full) };
  const objects = staged.map(({ change, split, part, key, rows, size, sha256 }) => ({
    change,
    split,
    part,
    key,
    rows: Number(rows),
    size,
    sha256,
  }));
  const kind = stream.mode === "full" ? "full" : "delta";
  const built = buildManifest({ ...rest, counts, stream: stream.name, kind, stateId: STATE, format: stream.fileFormat, mapping, objects });
  return { ...built, sha256: createHash("sha256").update(built.bytes).digest("hex") };
}
