import { join } from "node:path";
import type { DeltaCounts, MappedOutput } from "../../src/core/delta.ts";
import type { SqlSession } from "../../src/core/ports.ts";
import type { ColumnKind, FileChange, FileFormat, MetadataField } from "../../src/core/types.ts";
import { sqlText } from "../../src/engine/sql-literal.ts";
import type { FilesRequest } from "../../src/files/write-files.ts";
import { PLAIN_CSV } from "../support/plain-csv.ts";

/** A row of a delta as a test writes it down. */
export interface DeltaRow {
  readonly op: FileChange | "refresh";
  readonly after?: readonly (string | null)[];
  readonly before?: readonly (string | null)[];
}

/** Writes rows as the Parquet file that diffing makes, in the order given. */
export async function writeDelta(session: SqlSession, path: string, width: number, rows: readonly DeltaRow[]): Promise<void> {
  const names = ["seq", "op", ...columnNames("o", width), ...columnNames("p", width)];
  const values = rows.map((row, seq) => {
    const fields = [...cells(row.after, width), ...cells(row.before, width)];
    return `(${seq}, ${sqlText(row.op)}, ${fields.join(", ")})`;
  });
  const table = `(VALUES ${values.join(", ")}) AS t(${names.join(", ")})`;
  await session.run(
    `COPY (SELECT * EXCLUDE (seq) FROM ${table} ORDER BY seq) TO ${sqlText(path)} (FORMAT parquet)`,
    AbortSignal.timeout(20_000),
  );
}

function columnNames(letter: string, width: number): readonly string[] {
  return Array.from({ length: width }, (_, at) => `${letter}${at}`);
}

function cells(texts: readonly (string | null)[] | undefined, width: number): readonly string[] {
  return Array.from({ length: width }, (_, at) => cell(texts?.[at] ?? null));
}

/** A literal may not hold NUL. */
function cell(text: string | null): string {
  if (text === null) return "CAST(NULL AS VARCHAR)";
  return text
    .split("\0")
    .map((piece) => sqlText(piece))
    .join(" || chr(0) || ");
}

/** What the tests ask `writeFiles` for, unless they say otherwise. */
export function filesRequest(
  folder: string,
  header: readonly (string | { readonly name: string; readonly metadata: MetadataField })[],
  rows: readonly DeltaRow[],
  format: Partial<FileFormat> = {},
  kinds: ColumnKind | readonly ColumnKind[] = "text",
): FilesRequest {
  let output = -1;
  const outputs = header
    .flatMap((name) => (typeof name === "string" ? [name] : []))
    .map((name, at) => mappedOutput(name, typeof kinds === "string" ? kinds : (kinds[at] ?? "text")));
  return {
    delta: { path: join(folder, "delta.parquet"), counts: countOps(rows) },
    mapping: {
      header: header.map((column) => (typeof column === "string" ? { name: column, output: (output += 1) } : column)),
      outputs,
      splits: [],
      keyCount: 1,
    },
    stream: { name: "users", model: "users", delivery: null, fileFormat: { ...PLAIN_CSV, ...format } },
    run: "01ABC",
    generation: 7,
    scheduledAt: new Date("2024-03-01T06:00:00.120Z"),
    folder,
  };
}

function mappedOutput(name: string, kind: ColumnKind): MappedOutput {
  return { name, kind, ignored: false, sources: [name], expression: (column) => column(name) };
}

function countOps(rows: readonly DeltaRow[]): DeltaCounts {
  const count = (op: DeltaRow["op"]): bigint => BigInt(rows.filter((row) => row.op === op).length);
  return {
    added: count("added"),
    changed: count("changed"),
    removed: count("removed"),
    full: count("full"),
    refreshed: count("refresh"),
    unchanged: 0n,
    current: BigInt(rows.length),
    snapshotAfter: BigInt(rows.length),
  };
}
