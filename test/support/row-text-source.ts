import { once } from "node:events";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { Source } from "../../src/core/ports.ts";
import type { Column, ColumnKind, Projection } from "../../src/core/types.ts";

/** A value as a source prints it. */
export type Text = string | null;

/** Ways in which lines can fail to arrive as they were sent. */
export type Spoil = (lines: string[], projection: Projection) => string[];

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
  "\v": "\\v",
  "\b": "\\b",
  "\f": "\\f",
};

/** One row in the COPY text format of PostgreSQL. */
export function rowText(row: readonly Text[]): string {
  return row
    .map((value) => (value === null ? "\\N" : value.replace(/[\\\t\n\r\v\b\f]/gu, (character) => ESCAPES[character] ?? character)))
    .join("\t");
}

/** A source that sends rows of canonical texts as row text; the columns are looked up by name in the projection. */
export function rowTextSource(columns: readonly Column[], rows: readonly (readonly Text[])[], spoil: Spoil = (lines) => lines): Source {
  return {
    dialect: { quoteIdentifier: (name) => `"${name}"`, quoteText: (text) => `'${text}'`, instant: (_, at) => `'${at}'` },
    describe: async () => await Promise.resolve(columns),
    canonical: (_, text) => text,
    reading: {
      shape: "row_text",
      extract: async (projection, sink, signal) => {
        const places = projection.columns.map((column) => columns.findIndex(({ name }) => name === column.name));
        const lines = spoil(
          rows.map((row) => `${projection.mark ?? ""}${rowText(places.map((at) => row[at] ?? null))}`),
          projection,
        );
        await writeLines(sink, lines, signal);
        return { rows: BigInt(rows.length) };
      },
    },
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  };
}

/** The same for a source that puts a mark before each line. */
export function markedRowTextSource(...of: Parameters<typeof rowTextSource>): Source {
  const source = rowTextSource(...of);
  return source.reading.shape === "row_text" ? { ...source, reading: { ...source.reading, marks: true } } : source;
}

async function writeLines(sink: Writable, lines: readonly string[], signal: AbortSignal): Promise<void> {
  for (let at = 0; at < lines.length; at += 1000) {
    const chunk = lines.slice(at, at + 1000).map((line) => `${line}\n`);
    if (!sink.write(chunk.join(""))) await once(sink, "drain", { signal });
  }
  sink.end();
  await finished(sink, { signal, readable: false });
}

/** Columns by name and kind. */
export function columnsOf(kinds: Readonly<Record<string, ColumnKind>>): readonly Column[] {
  return Object.entries(kinds).map(([name, kind]) => ({ name, kind, type: kind }));
}
