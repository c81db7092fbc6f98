import { rm } from "node:fs/promises";
import { errnoOf } from "../core/durable-file.ts";
import { SyncError } from "../core/errors.ts";
import type { Source, SqlSession } from "../core/ports.ts";
import type { Projection } from "../core/types.ts";
import { createRowTextFile } from "../engine/row-text-file.ts";
import { sqlText } from "../engine/sql-literal.ts";

/** A result that lies on this machine, for as many comparisons as there are readers. */
export interface KeptRows {
  readonly rows: bigint;
  /** The source, reading these rows. What it projects has to be among the columns that were kept. */
  reader(source: Source): Source;
}

/** Extracts a result once, into a file below `path` (without extension); whoever asked removes it. */
export async function keepRows(
  { source, engine }: { readonly source: Source; readonly engine: SqlSession },
  projection: Projection,
  path: string,
  signal: AbortSignal,
): Promise<KeptRows> {
  const { reading } = source;
  if (reading.shape === "kept_text") throw new SyncError("INTERNAL", "Rows that are kept already were to be kept.");
  const file = `${path}.${reading.shape === "relation" ? "parquet" : "rows"}`;
  try {
    return reading.shape === "relation"
      ? await keepRelation({ source, engine }, reading.relation(projection), projection, file, signal)
      : await keepRowText(reading.extract, projection, file, signal);
  } catch (error) {
    await rm(file, { force: true });
    throw reading.shape === "relation" && reading.blame !== undefined ? await reading.blame(error, projection, signal) : error;
  }
}

async function keepRowText(
  extract: Extract<Source["reading"], { readonly shape: "row_text" }>["extract"],
  projection: Projection,
  path: string,
  signal: AbortSignal,
): Promise<KeptRows> {
  const sink = await createRowTextFile(path).catch(unwritable);
  const { rows } = await extract(projection, sink, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    return unwritable(sink.errored ?? error);
  });
  const fields = projection.columns.map(({ name }) => name);
  const reading = { shape: "kept_text", path, rows, fields } as const;
  return { rows, reader: (source) => borrowed(source, { reading }) };
}

/** As canonical texts, which every file format holds as they are; the types of a relation are more than Parquet's. */
async function keepRelation(
  { source, engine }: { readonly source: Source; readonly engine: SqlSession },
  relation: string,
  { columns }: Projection,
  path: string,
  signal: AbortSignal,
): Promise<KeptRows> {
  const texts = columns.map((column, at) => `${source.canonical(column, `c${String(at)}`)} AS t${String(at)}`);
  await engine.run(`COPY (SELECT ${texts.join(", ")} FROM (${relation})) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION snappy)`, signal);
  const [counted] = await engine.rows(`SELECT count(*) FROM read_parquet(${sqlText(path)})`, signal);
  const places = new Map(columns.map(({ name }, at) => [name, `t${String(at)}`]));
  const kept = (wanted: Projection): string => {
    const picked = wanted.columns.map(({ name }, at) => `${places.get(name) ?? ""} AS c${String(at)}`);
    return `SELECT ${picked.join(", ")} FROM read_parquet(${sqlText(path)})`;
  };
  return {
    rows: BigInt(counted?.[0] ?? "0"),
    reader: (own) => borrowed(own, { canonical: (_, text) => text, reading: { shape: "relation", relation: kept } }),
  };
}

/** A source in another's place, which the other's owner disposes. */
function borrowed(source: Source, changes: Pick<Source, "reading"> & Partial<Pick<Source, "canonical">>): Source {
  return {
    dialect: source.dialect,
    describe: (query, signal) => source.describe(query, signal),
    canonical: (column, text) => source.canonical(column, text),
    ...changes,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function unwritable(error: unknown): never {
  const code = error instanceof SyncError ? null : errnoOf(error);
  if (code === null || !DISK.has(code)) throw error;
  throw new SyncError(
    "ENGINE_DISK_FULL",
    `The rows that several deliveries share could not be written under engine.temp_directory (${code}).`,
    {
      hint: "Make room there, or run the deliveries one by one: then each reads for itself, and no rows are kept.",
      context: { code },
    },
  );
}

const DISK = new Set(["ENOSPC", "EDQUOT", "EFBIG", "EIO", "EROFS", "EACCES", "EPERM", "ENOENT"]);
