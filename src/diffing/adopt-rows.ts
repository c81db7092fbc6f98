import { SyncError } from "../core/errors.ts";
import type { SqlSession } from "../core/ports.ts";
import type { SqlExpr } from "../core/types.ts";
import { keyOrder } from "../engine/key-order.ts";
import { createRowTextPipe } from "../engine/row-text-pipe.ts";
import { RowTextWriter, type TextRow } from "../engine/row-text-writer.ts";
import { rowTextLines, unescapeFields } from "../engine/row-text.ts";
import { sqlText } from "../engine/sql-literal.ts";
import type { AdoptedRows, DeltaRequest } from "./delta-request.ts";
import { throughPipe } from "./read-current.ts";
import { keyColumns, outputColumns } from "./snapshot-view.ts";
import { writeParquet } from "./write-delta.ts";

/** Keeps the records of files (place of the file, line, fields) as the Parquet file of `AdoptedRows`; the rows pass through, none is held. */
export async function keepRecords(
  session: SqlSession,
  records: AsyncIterable<readonly TextRow[]>,
  kept: { readonly path: string; readonly width: number; readonly scratch: string },
  signal: AbortSignal,
): Promise<bigint> {
  using pipe = await createRowTextPipe(kept.scratch, "records");
  const fields = Array.from({ length: kept.width }, (_, at) => `f[${at + 3}] AS f${at}`);
  const split = `SELECT ${unescapeFields("string_split(l, chr(9))")} AS f FROM ${rowTextLines(pipe.path)}`;
  const query = `SELECT CAST(f[1] AS INTEGER) AS file, CAST(f[2] AS BIGINT) AS line, ${fields.join(", ")} FROM (${split})`;
  const copy = async (both: AbortSignal): Promise<void> =>
    await session.run(`COPY (${query}) TO ${sqlText(kept.path)} (FORMAT parquet)`, both);
  return await throughPipe(
    pipe,
    async (sink, both) => {
      try {
        const writer = new RowTextWriter(sink, kept.width + 2, both);
        for await (const rows of records) await writer.write(rows);
        return await writer.end();
      } catch (error) {
        // The reader would wait for more for ever.
        sink.destroy();
        throw error;
      }
    },
    copy,
    signal,
  );
}

/**
 * Writes a whole snapshot that holds what files say: of a row that the result has as well, the canonical text of each field that shows the same, and the
 * fingerprint where all of them do; of everything else the text of the file. Rows that only the result has are not in it.
 */
export async function writeAdopted(
  session: SqlSession,
  request: DeltaRequest,
  adopts: AdoptedRows,
  current: string,
  signal: AbortSignal,
): Promise<void> {
  await checkKeys(session, adopts, signal);
  const { keyCount, columns } = request.projection;
  const shown = adopts.columns.map(({ at, output }) => `o${output} AS x${at}`);
  const now = adopts.shown(`SELECT *, ${shown.join(", ")}, true AS present FROM (${current})`);
  const same = new Map(adopts.columns.map(({ at, output }) => [output, `(n.present AND ${isSame(at, adopts)})`]));
  const place = new Map(adopts.columns.map(({ at, output }) => [output, at]));
  const outputs = request.outputs.map((_, output) => {
    const at = place.get(output);
    return at === undefined
      ? `n.o${output} AS o${output}`
      : `CASE WHEN ${same.get(output) ?? "false"} THEN n.o${output} ELSE f.f${at} END AS o${output}`;
  });
  const all = request.outputs.flatMap(({ ignored }, output) => (ignored ? [] : [same.get(output) ?? "n.present"]));
  const isTold = ["n.present", ...all].join(" AND ");
  const keys = keyColumns(keyCount).map((key, at) => `coalesce(n.${key}, f.f${adopts.keys[at] ?? 0}) AS ${key}`);
  const on = adopts.keys.map((at) => `n.x${at} = f.f${at}`).join(" AND ");
  const prints = ["h1", "h2"].map((half) => `CASE WHEN ${isTold} THEN n.${half} END AS ${half}`);
  const select = ["CASE WHEN n.torn THEN 'torn' ELSE 'refresh' END AS op", ...keys, ...outputs, ...prints].join(", ");
  const joined = `SELECT ${select} FROM (${now}) AS n FULL OUTER JOIN ${recordsOf(adopts)} AS f ON ${on} WHERE f.line IS NOT NULL OR n.torn`;
  const order = columns.slice(0, keyCount).flatMap((column, at) => keyOrder(column.kind, `k${at}`));
  const names = ["op", ...keyColumns(keyCount), ...outputColumns(request.outputs), "h1", "h2"].join(", ");
  const sorted = `SELECT ${names} FROM (${joined}) ORDER BY ${order.join(", ")}`;
  await writeParquet(
    session,
    sorted,
    request.path,
    request.outputs.map(({ name }) => name),
    signal,
  );
}

/** A FROM item of the kept records. A key was never NULL, so where a file does not tell NULL from a text it is the text. */
function recordsOf({ path, keys, nullText }: AdoptedRows): string {
  const from = `read_parquet(${sqlText(path)})`;
  if (nullText === null) return from;
  const known = [...new Set(keys)].map((at) => `coalesce(f${at}, ${sqlText(nullText)}) AS f${at}`);
  return `(SELECT * REPLACE (${known.join(", ")}) FROM ${from})`;
}

function isSame(at: number, { nullText }: AdoptedRows): SqlExpr {
  const same = `n.x${at} IS NOT DISTINCT FROM f.f${at}`;
  return nullText === null ? same : `(${same} OR (f.f${at} IS NULL AND n.x${at} = ${sqlText(nullText)}))`;
}

/** Refuses files in which a key is NULL or stands twice, by the first lines where that is so. */
async function checkKeys(session: SqlSession, adopts: AdoptedRows, signal: AbortSignal): Promise<void> {
  const keys = adopts.keys.map((at) => `f${at}`);
  const from = recordsOf(adopts);
  const none = keys.map((key) => `${key} IS NULL`).join(" OR ");
  const [empty] = await session.rows(`SELECT file, line FROM ${from} WHERE ${none} ORDER BY file, line LIMIT 1`, signal);
  if (empty !== undefined) throw unfit(adopts, empty, "the primary key is NULL");
  const twice = `SELECT min((file, line)) AS first, max((file, line)) AS other FROM ${from} GROUP BY ${keys.join(", ")} HAVING count(*) > 1`;
  const [pair] = await session.rows(`SELECT first[1], first[2], other[1], other[2] FROM (${twice}) ORDER BY 1, 2 LIMIT 1`, signal);
  if (pair === undefined) return;
  const [, , file, line] = pair;
  throw unfit(adopts, pair, `its primary key stands in ${placeOf(adopts, file, line)} again`);
}

/** Every row of the files must be one row of the snapshot: two keys that look alike in the files cannot be told apart. */
export async function checkAdopted(session: SqlSession, request: DeltaRequest, adopts: AdoptedRows, signal: AbortSignal): Promise<void> {
  const count = (path: string, where = ""): string => `(SELECT count(*) FROM read_parquet(${sqlText(path)})${where})`;
  const [row] = await session.rows(`SELECT ${count(adopts.path)}, ${count(request.path, " WHERE op <> 'torn'")}`, signal);
  if (row?.[0] === row?.[1]) return;
  throw new SyncError(
    "FILE_UNFIT",
    "Several rows of the model have keys that look alike in files, so a row of a file could be any of them.",
    {
      hint: "Look how `file` shows the columns of the primary key (timestamp, timezone, boolean, formula_guard). Nothing was taken over.",
    },
  );
}

function placeOf({ files }: AdoptedRows, file: string | null | undefined, line: string | null | undefined): string {
  return `${files[Number(file)] ?? "the file"} line ${line ?? "?"}`;
}

function unfit(adopts: AdoptedRows, [file, line]: readonly (string | null)[], what: string): SyncError {
  return new SyncError("FILE_UNFIT", `${placeOf(adopts, file, line)}: ${what}.`, {
    hint: "Make the file one row a key, as files of the stream are. Nothing was taken over.",
    context: { line: line ?? "" },
  });
}
