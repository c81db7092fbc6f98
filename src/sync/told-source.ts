import { z } from "zod";
import type { Layout } from "../core/delta.ts";
import type { Source } from "../core/ports.ts";
import type { Column, OutputColumn, Stream } from "../core/types.ts";
import { resolveColumnSecrets } from "../files/column-secrets.ts";
import { isFact } from "../files/mapping-values.ts";
import { asQueried } from "./rebuild-files.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** A stream and a source that describes what was told of it, and that has no rows any more. */
export interface ToldStream {
  readonly stream: Stream;
  readonly source: Source;
}

/**
 * What stands in for a stream whose every row is to be taken back: nobody asks the warehouse, which may be gone. Where the mapping is still that of
 * the told rows, so are the files; where it is another one, the columns are those that were told.
 */
export async function toldStream(
  { parts }: Pick<SyncDeps, "parts">,
  stream: Stream,
  layout: Layout,
  signal: AbortSignal,
): Promise<ToldStream> {
  const columns = asQueried(layout);
  if (await isMappedSo({ parts }, stream, columns, layout, signal)) return { stream, source: emptySource(columns) };
  const told = layout.outputs.map(({ name, kind }, at): Column & { readonly output: string } => ({
    name: `told ${at}`,
    type: "VARCHAR",
    kind,
    output: name,
  }));
  const keys = stream.removedColumns === "key" ? madeOfKeys(layout) : new Map<string, string>();
  const outputs = told.map(({ name, output }): OutputColumn => ({
    name: output,
    value: { from: "column", column: keys.get(output) ?? name },
  }));
  const facts = (stream.columns ?? []).filter(
    ({ name, value }) => isFact(value) && value.from === "metadata" && !outputs.some((each) => each.name === name),
  );
  const shown = [...outputs.filter(({ name }) => !stream.fileFormat.splitBy.includes(name) || isWritten(stream, name)), ...facts];
  return {
    stream: { ...stream, columns: shown, ignoreChangesIn: [] },
    source: emptySource([...layout.columns.slice(0, layout.keyCount), ...told.map(({ name, type, kind }) => ({ name, type, kind }))]),
  };
}

const mappingSchema = z.object({ outputs: z.array(z.tuple([z.string(), z.string()], z.unknown())) });

/** Outputs that were made of one column of the key alone: what may still be told where removed rows tell no more than that. */
function madeOfKeys({ mapping, columns, keyCount }: Layout): ReadonlyMap<string, string> {
  const keys = columns.slice(0, keyCount).map(({ name }) => name);
  const parsed = mappingSchema.safeParse(JSON.parse(mapping));
  const outputs = parsed.success ? parsed.data.outputs : [];
  return new Map(
    outputs.flatMap(([name, from, column]) =>
      from === "column" && keys.some((key) => key === column) ? [[name, String(column)] as const] : [],
    ),
  );
}

/** A column that only names of files show is in none of them. */
function isWritten({ columns }: Stream, name: string): boolean {
  return columns === null || columns.some((column) => column.name === name);
}

async function isMappedSo(
  { parts }: Pick<SyncDeps, "parts">,
  stream: Stream,
  columns: readonly Column[],
  layout: Layout,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const mapping = parts.resolveMapping({ ...stream, columns: await resolveColumnSecrets(stream.columns, signal) }, columns);
    return mapping.text === layout.mapping && mapping.outputs.every(({ name }, at) => name === layout.outputs[at]?.name);
  } catch {
    // A column that was never told, or a secret that is gone: what was told is known all the same.
    signal.throwIfAborted();
    return false;
  }
}

/** A source over no rows, in the engine. */
function emptySource(columns: readonly Column[]): Source {
  return {
    dialect: {
      quoteIdentifier: (name) => `"${name.replaceAll('"', '""')}"`,
      quoteText: (text) => `'${text.replaceAll("'", "''")}'`,
      instant: (_, at) => `'${at}'`,
    },
    describe: () => Promise.resolve(columns),
    canonical: (_column, text) => text,
    reading: {
      shape: "relation",
      relation: (projection) => `SELECT ${projection.columns.map((_, at) => `CAST(NULL AS VARCHAR) AS c${at}`).join(", ")} WHERE false`,
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
