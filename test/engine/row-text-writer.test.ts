import { Writable } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openEngine } from "../../src/engine/open-engine.ts";
import { createRowTextPipe } from "../../src/engine/row-text-pipe.ts";
import { RowTextWriter, type TextRow } from "../../src/engine/row-text-writer.ts";
import { rowTextLines, unescapeFields } from "../../src/engine/row-text.ts";
import { rowText } from "../support/row-text-source.ts";
import { tempFolder } from "../support/temp-folder.ts";

const quiet = (): AbortSignal => new AbortController().signal;

/** A sink that takes a block only when it is told to. */
class HeldSink extends Writable {
  readonly taken: string[] = [];
  waiting: (() => void) | null = null;

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.waiting = () => {
      this.taken.push(chunk.toString("utf8"));
      this.waiting = null;
      done();
    };
  }
}

class KeepingSink extends Writable {
  text = "";
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString("utf8");
    done();
  }
}

async function written(rows: readonly TextRow[], width: number): Promise<{ readonly text: string; readonly rows: bigint }> {
  const sink = new KeepingSink();
  const writer = new RowTextWriter(sink, width, quiet());
  await writer.write(rows);
  return { rows: await writer.end(), text: sink.text };
}

test("rows of any text become the row text that the engine reads", async () => {
  const field = fc.option(
    fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("", "NULL", "\\N", "\\", "\t", "\n", "\r\n", "\v", "\b", "\f", '"', "\uFEFF")),
  );
  const table = fc
    .integer({ min: 1, max: 5 })
    .chain((width) => fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 20 }));
  await fc.assert(
    fc.asyncProperty(table, async (rows) => {
      const { text, rows: count } = await written(rows, rows[0]?.length ?? 0);
      expect(text).toBe(rows.map((row) => `${rowText(row)}\n`).join(""));
      expect(count).toBe(BigInt(rows.length));
    }),
    { numRuns: 40 },
  );
});

test("the engine reads back what was written, NULL, empty text and the word NULL apart", async () => {
  await using folder = await tempFolder();
  await using engine = await openEngine({ memoryLimit: "256MB", threads: 1, tempDirectory: folder.path, maxTempSize: "1GB" }, quiet());
  using pipe = await createRowTextPipe(folder.path, "rows");
  const rows: TextRow[] = [
    [null, "", "NULL"],
    ["\\N", "\uFEFFa\tb", "line\r\nend\v\\"],
    ["\u0000", "😀", '"quoted"'],
    ["x".repeat(1_000_000), "y", "z"],
  ];
  const fields = unescapeFields("string_split(l, chr(9))");
  const read = engine.rows(`SELECT hex(f[1]), hex(f[2]), hex(f[3]) FROM (SELECT ${fields} AS f FROM ${rowTextLines(pipe.path)})`, quiet());
  const writer = new RowTextWriter(pipe.open(quiet()), 3, quiet());
  await writer.write(rows);
  expect(await writer.end()).toBe(4n);
  // In hex, because the engine's own way to JavaScript strips a byte order mark.
  const hex = (text: string | null): string | null => (text === null ? null : Buffer.from(text).toString("hex").toUpperCase());
  expect(await read).toEqual(rows.map((row) => row.map(hex)));
});

test("no rows end the sink and count zero", async () => {
  expect(await written([], 3)).toEqual({ rows: 0n, text: "" });
});

test("a row of another width is refused and nothing of its block is written", async () => {
  await expect(written([["a", "b"], ["c"]], 2)).rejects.toMatchObject({ code: "SOURCE_TRUNCATED" });
});

test("a sink that takes nothing holds the rows back", async () => {
  const sink = new HeldSink({ highWaterMark: 1 });
  const writer = new RowTextWriter(sink, 1, quiet());
  await writer.write([["first"]]);
  let second = false;
  const writing = writer.write([["second"], ["third"]]).then(() => (second = true));
  await new Promise(setImmediate);
  expect(second).toBe(false);
  sink.waiting?.();
  await writing;
  expect(sink.taken).toEqual(["first\n"]);
  sink.waiting?.();
  expect(await writer.end()).toBe(3n);
  expect(sink.taken).toEqual(["first\n", "second\nthird\n"]);
});

test("an abort lets go of a sink that takes nothing", async () => {
  const stop = new AbortController();
  const writer = new RowTextWriter(new HeldSink({ highWaterMark: 1 }), 1, stop.signal);
  await writer.write([["first"]]);
  const writing = writer.write([["second"]]);
  stop.abort(new Error("stopped"));
  await expect(writing).rejects.toThrow("stopped");
});

test("a sink that breaks is told of by the next write", async () => {
  const sink = new HeldSink();
  sink.on("error", () => undefined);
  const writer = new RowTextWriter(sink, 1, quiet());
  await writer.write([["first"]]);
  sink.destroy(new Error("pipe broke"));
  await expect(writer.write([["second"]])).rejects.toThrow("pipe broke");
});
