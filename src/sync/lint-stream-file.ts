import { access, constants } from "node:fs/promises";
import type { ResolvedMapping } from "../core/delta.ts";
import { SyncError } from "../core/errors.ts";
import type { Stream } from "../core/types.ts";
import { columnKind } from "../files/field-texts.ts";
import { lintFile, type LintedFile } from "../files/lint-file.ts";
import { headerOf } from "../files/removed-columns.ts";
import { describeModel } from "./describe-model.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** Looks through any file for what the stream's files never hold; asks the source for the columns of the model, and for no row. */
export async function lintStreamFile(
  deps: SyncDeps,
  stream: Stream,
  path: string,
  limit: number,
  signal: AbortSignal,
): Promise<LintedFile> {
  await access(path, constants.R_OK).catch((cause: unknown) => {
    throw new SyncError("USAGE", `${path} cannot be read.`, { hint: "Name a file of this machine that you may read.", cause });
  });
  await using engine = await deps.openEngine(signal);
  await using source = await deps.openSource(stream.source, { engine, stream: stream.name, run: deps.newRunId() }, signal);
  const mapping = deps.parts.resolveMapping(stream, await describeModel(source, stream.query, signal));
  const look = async (header: ResolvedMapping["header"]): Promise<LintedFile> => {
    const columns = header.map((column) => ({ name: column.name, kind: columnKind(column, mapping.outputs) }));
    return await lintFile(engine, path, { format: stream.fileFormat, columns }, limit, signal);
  };
  const linted = await look(mapping.header);
  if (mapping.removed === undefined || linted.problemCount === 0) return linted;
  // A file does not say what its rows tell, and those of removed rows have fewer columns.
  const asRemoved = await look(headerOf(mapping, ["removed"]));
  return asRemoved.problemCount < linted.problemCount ? asRemoved : linted;
}
