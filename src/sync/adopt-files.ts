import { join } from "node:path";
import type { Readable } from "node:stream";
import type { ResolvedMapping } from "../core/delta.ts";
import { SyncError } from "../core/errors.ts";
import { count, counted } from "../core/readable.ts";
import type { Stream } from "../core/types.ts";
import { keepRecords } from "../diffing/adopt-rows.ts";
import type { AdoptedRows } from "../diffing/delta-request.ts";
import type { Engine } from "../engine/open-engine.ts";
import type { TextRow } from "../engine/row-text-writer.ts";
import { columnKind } from "../files/field-texts.ts";
import { readRecords } from "../files/read-records.ts";
import { shownHeader, shownRows } from "../files/shown-rows.ts";
import type { Current } from "../state/documents.ts";
import type { RunContext } from "./run-context.ts";

/** A file that a destination holds already. */
export interface HeldFile {
  readonly name: string;
  /** Its bytes, unpacked. */
  open(signal: AbortSignal): Promise<Readable>;
}

/** Refuses to take files as told where something was told already, or where rows of files do not say what was told. */
export function refuseAdoption(stream: Stream, current: Current): void {
  const { fileFormat, mode, name } = stream;
  const refuse = (why: string, hint: string): SyncError =>
    new SyncError("BASELINE_REFUSED", `No file can be taken as what ${name} has told: ${why}. Nothing was done.`, {
      hint,
      context: { stream: name },
    });
  if (current.generation > 0)
    throw refuse(
      `it has delivered generation ${current.generation} and knows what it told`,
      `\`sync plan -m ${name}\` shows what the next run tells. Was the destination changed by somebody else? \`sync run -m ${name} --full-resync\` tells every row anew.`,
    );
  if (mode === "append") throw refuse("mode is append", `Events told before are left out by \`cursor.start\`: set it in ${stream.file}.`);
  if (fileFormat.format !== "csv" && fileFormat.format !== "txt")
    throw refuse(
      `its files are ${fileFormat.format}`,
      "csv and txt can be read back. Take the current result as told instead: `sync state baseline`.",
    );
}

/** Reads the files once, checks them, and keeps their rows in a folder for the comparison. */
export async function adoptFiles(
  { stream, report, deps }: RunContext,
  mapping: ResolvedMapping,
  files: readonly HeldFile[],
  { folder, engine }: { readonly folder: string; readonly engine: Engine },
  signal: AbortSignal,
): Promise<AdoptedRows> {
  const { fileFormat: format } = stream;
  const columns = mapping.header.flatMap((column, at) =>
    "output" in column ? [{ at, output: column.output, kind: columnKind(column, mapping.outputs) }] : [],
  );
  const keys = keyFields(stream, mapping);
  const header = await shownHeader(engine, { mapping, stream }, signal);
  const path = join(folder, "adopted.parquet");
  const width = mapping.header.length;
  const records = async function* (): AsyncGenerator<readonly TextRow[]> {
    for (const [index, file] of files.entries()) {
      const bytes = await file.open(signal);
      const warn = (message: string): void => report.warn(message);
      yield* blocks(index, readRecords({ name: file.name, bytes, format, header, width, warn }));
    }
  };
  await report.phase(
    "extract",
    () => keepRecords(engine, records(), { path, width, scratch: deps.scratch }, signal),
    (rows) => `${counted(rows, "row")} in ${counted(files.length, "file")}`,
  );
  return {
    path,
    files: files.map(({ name }) => name),
    columns: columns.map(({ at, output }) => ({ at, output })),
    keys,
    shown: (from) => shownRows(from, columns, format),
    nullText: format.quote === "all" || format.quote === "none" ? format.nullText : null,
  };
}

const ROWS_AT_ONCE = 500;

async function* blocks(
  file: number,
  records: AsyncIterable<{ readonly line: number; readonly fields: TextRow }>,
): AsyncGenerator<readonly TextRow[]> {
  let block: TextRow[] = [];
  for await (const { line, fields } of records) {
    block.push([String(file), String(line), ...fields]);
    if (block.length < ROWS_AT_ONCE) continue;
    yield block;
    block = [];
  }
  if (block.length > 0) yield block;
}

/** Where each column of the key stands in the files as it is: hashed or mapped, a row of a file could not be found again. */
function keyFields({ name, file, primaryKey, columns }: Stream, { header }: ResolvedMapping): readonly number[] {
  return primaryKey.map((key) => {
    const at = header.findIndex((column) => {
      const written = columns?.find((each) => each.name === column.name);
      if (!("output" in column)) return false;
      if (written === undefined) return column.name === key;
      return written.value.from === "column" && written.value.column === key && (written.steps ?? []).length === 0;
    });
    if (at >= 0) return at;
    throw new SyncError(
      "BASELINE_REFUSED",
      `Files of ${name} do not show ${key}, which is part of its primary key, as it is. Nothing was done.`,
      {
        hint: `Rows of a file are found by it: add \`${key}: ${key}\` to \`columns\` of ${file}, if the files have it; or take the current result as told: \`sync state baseline\`.`,
        context: { stream: name, column: key },
      },
    );
  });
}

/** What was taken over, for people. */
export function adoptionText(
  stream: string,
  { adopted, same, now }: { readonly adopted: number; readonly same: number; readonly now: number },
): string {
  return `${stream} holds ${counted(adopted, "row")} of the files as told; ${count(same)} of them are as the warehouse has them now, which has ${count(now)}.`;
}
