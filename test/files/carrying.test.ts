import { mkdtemp, readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ColumnKind, FileFormat } from "../../src/core/types.ts";
import { type Engine, openEngine } from "../../src/engine/open-engine.ts";
import { writeFiles } from "../../src/files/write-files.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";
import { type DeltaRow, filesRequest, writeDelta } from "./delta-on-disk.ts";

const signal = AbortSignal.timeout(60_000);
let root: TempFolder;
let engine: Engine;
beforeAll(async () => {
  root = await tempFolder();
  engine = await openEngine({ memoryLimit: "300MB", threads: 2, tempDirectory: root.at("spill"), maxTempSize: "1GB" }, signal);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await root[Symbol.asyncDispose]();
});

type Row = readonly (string | null)[];

async function write(
  header: readonly string[],
  rows: readonly Row[],
  format: Partial<FileFormat>,
  kinds?: readonly ColumnKind[],
): Promise<string> {
  const folder = await mkdtemp(root.at("staging-"));
  const changes: readonly DeltaRow[] = rows.map((after) => ({ op: "added", after }));
  const request = filesRequest(folder, header, changes, format, kinds ?? "text");
  await writeDelta(engine, request.delta.path, header.length, changes);
  const [file] = await writeFiles(engine, request, signal);
  return file?.path ?? "";
}

/** The bytes of one value between two others. */
async function field(value: string, format: Partial<FileFormat>): Promise<string> {
  const text = await readFile(await write(["a", "b", "c"], [["<", value, ">"]], { header: false, ...format }), "utf8");
  const quote = format.quote === "all" ? '"' : "";
  return text.slice(2 + 2 * quote.length, -3 - 2 * quote.length);
}

describe("what a file cannot carry", () => {
  test.each<[string, Partial<FileFormat>, string, string]>([
    ["NUL is replaced", { unencodable: "replace" }, "a\0b\0", "a\ufffdb\ufffd"],
    ["NUL is stripped", { unencodable: "strip" }, "a\0b\0", "ab"],
    ["a NUL that is all of a value leaves the empty text", { unencodable: "strip" }, "\0", '""'],
    ["what quotes can carry is not touched", { unencodable: "replace" }, 'a,"\n', '"a,""\n"'],
    [
      "without quotes, delimiter and line ends are replaced",
      { quote: "none", unencodable: "replace" },
      "a,b\r\nc\0",
      "a\ufffdb\ufffd\ufffdc\ufffd",
    ],
    ["without quotes, delimiter and line ends are stripped", { quote: "none", unencodable: "strip" }, "a,b\r\nc\0", "abc"],
    [
      "without quotes, a delimiter that means something in a pattern",
      { quote: "none", unencodable: "strip", delimiter: "]" },
      "a]b^c",
      "ab^c",
    ],
    ["without quotes, the text for NULL is no value", { quote: "none", unencodable: "replace", nullText: "NULL" }, "NULL", "\ufffd"],
    [
      "without quotes, what would become the text for NULL is none either",
      { quote: "none", unencodable: "strip", nullText: "NULL" },
      "NU,LL",
      "",
    ],
    ["what a reader would take for a byte order mark is in quotes", {}, "\ufeffa", '"\ufeffa"'],
    ["under quote all", { quote: "all", unencodable: "replace" }, "\0", '"\ufffd"'],
  ])("%s", async (_, format, value, bytes) => {
    expect(await field(value, format)).toBe(bytes);
  });

  test.each(["a|b", "a\nb", "a\rb", "a\0b", "\\N"])("without quotes refuses %j by the column's name and never shows it", async (value) => {
    const failure = write(
      ["Id", "Name", "Town"],
      [
        ["1", value, "x"],
        ["2", value, value],
      ],
      { quote: "none", delimiter: "|", nullText: "\\N" },
    );
    await expect(failure).rejects.toMatchObject({ code: "DATA_UNENCODABLE", context: { columns: ["Name", "Town"] } });
    await expect(failure).rejects.toThrow(/"Name" \(2 rows\), "Town" \(1 row\) of the added rows of users hold the delimiter/u);
  });

  test("without quotes refuses a name of a column that holds the delimiter", async () => {
    await expect(write(["Id", "First|Last"], [["1", "x"]], { quote: "none", delimiter: "|" })).rejects.toThrow(
      /name of the column "First\|Last"/u,
    );
  });

  test("without quotes and header, a byte order mark at the start of the first column would be lost, so it is not carried", async () => {
    const format = { quote: "none", header: false } as const;
    await expect(write(["Id", "Name"], [["\ufeff1", "x"]], format)).rejects.toMatchObject({ context: { columns: ["Id"] } });
    const bytes = async (more: Partial<FileFormat>): Promise<string> =>
      await readFile(await write(["Id", "Name"], [["\ufeff\ufeff1", "\ufeffx"]], { ...format, ...more }), "utf8");
    expect(await bytes({ unencodable: "strip" })).toBe("1,\ufeffx\n");
    expect(await bytes({ unencodable: "replace" })).toBe("\ufffd\ufeff1,\ufeffx\n");
    expect(await bytes({ bom: true })).toBe("\ufeff\ufeff\ufeff1,\ufeffx\n");
  });

  test("JSON carries a NUL", async () => {
    const path = await write(["a"], [["x\0\u2028"]], { format: "ndjson" });
    expect(JSON.parse(await readFile(path, "utf8"))).toEqual({ a: "x\0\u2028" });
  });
});

describe("the formula guard", () => {
  test.each([
    ["=1+1", "'=1+1"],
    ["+cmd", "'+cmd"],
    ["-cmd", "'-cmd"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["  =1", `"'  =1"`.slice(1, -1)],
    ["\u00a0@x", "'\u00a0@x"],
    ["\tx", "'\tx"],
    ["\rx", '"\'\rx"'],
    ["\nx", '"\'\nx"'],
    ["＝1", "'＝1"],
    ["-5", "-5"],
    ["+5.25", "+5.25"],
    ["-1e5", "-1e5"],
    ["-5%", "'-5%"],
    ["a=b", "a=b"],
    ["", '""'],
  ])("%j stands as %j", async (value, bytes) => {
    expect(await field(value, { formulaGuard: true })).toBe(bytes);
  });
});

describe("a Parquet file", () => {
  const kinds: readonly ColumnKind[] = [
    "integer",
    "decimal",
    "float",
    "boolean",
    "date",
    "time",
    "timestamp",
    "timestamp_tz",
    "bytes",
    "json",
    "text",
  ];
  const row = [
    "-9223372036854775808",
    "12345678901234567890.10",
    "NaN",
    "true",
    "2024-02-29",
    "03:04:05.5",
    "2024-01-02T03:04:05.123456",
    "1969-12-31T23:59:59.5Z",
    "AP8=",
    '{"a": 1.10}',
    "x\0y",
  ];

  test("has typed columns that give back the same texts, NULL as NULL, and the same bytes on a repeat", async () => {
    const rows = [row, kinds.map(() => null)];
    const path = await write([...kinds], rows, { format: "parquet", compression: "snappy" }, kinds);
    const types = await engine.rows(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet('${path}'))`, signal);
    expect(types.map(([, type]) => type)).toEqual([
      "BIGINT",
      "VARCHAR",
      "DOUBLE",
      "BOOLEAN",
      "DATE",
      "TIME",
      "TIMESTAMP",
      "TIMESTAMP WITH TIME ZONE",
      "BLOB",
      "VARCHAR",
      "VARCHAR",
    ]);
    expect(types.map(([name]) => name)).toEqual(kinds);
    const back = kinds.map((kind) => (kind === "bytes" ? `to_base64("${kind}")` : `CAST("${kind}" AS VARCHAR)`));
    const read = await engine.rows(`SELECT ${back.join(", ")} FROM read_parquet('${path}')`, signal);
    expect(read[0]).toEqual([
      ...row.slice(0, 2),
      "nan",
      "true",
      "2024-02-29",
      "03:04:05.5",
      "2024-01-02 03:04:05.123456",
      "1969-12-31 23:59:59.5+00",
      ...row.slice(8),
    ]);
    expect(read[1]).toEqual(kinds.map(() => null));
    const again = await write([...kinds], rows, { format: "parquet", compression: "snappy" }, kinds);
    expect(await readFile(again)).toEqual(await readFile(path));
  });

  test.each<[ColumnKind, string]>([
    ["integer", "9223372036854775808"],
    ["timestamp", "2024-01-02T03:04:05.123456789"],
    ["timestamp", "infinity"],
    ["date", "infinity"],
    ["date", "text told before"],
    ["bytes", "no base64"],
  ])("refuses what the type of %s would change: %s", async (kind, value) => {
    const failure = write(["Id", "Odd"], [["1", value]], { format: "parquet" }, ["text", kind]);
    await expect(failure).rejects.toMatchObject({ code: "DATA_UNENCODABLE", context: { columns: ["Odd"] } });
  });

  test.each(["none", "gzip", "zstd", "snappy"] as const)("is compressed inside as %s", async (compression) => {
    const path = await write(["Id"], [["1"]], { format: "parquet", compression });
    const [codec] = await engine.rows(`SELECT DISTINCT compression FROM parquet_metadata('${path}')`, signal);
    expect(codec).toEqual([compression === "none" ? "UNCOMPRESSED" : compression.toUpperCase()]);
  });
});

describe("an encrypted file", () => {
  test("opens for each recipient and for nobody else, and its size and hash are those of the encrypted bytes", async () => {
    const openpgp = await import("openpgp");
    const people = await Promise.all(["a", "b", "c"].map((name) => openpgp.generateKey({ userIDs: [{ name }], format: "object" })));
    const [first, second, stranger] = people;
    if (first === undefined || second === undefined || stranger === undefined) throw new Error("three people");
    const recipients = [first, second].map((each) => each.publicKey.armor());
    const path = await write(["Id"], [["1"], ["2"]], { recipients, compression: "gzip" });
    const { gunzipSync } = await import("node:zlib");
    const bytes = await readFile(path);
    for (const { privateKey } of [first, second]) {
      const message = await openpgp.readMessage({ binaryMessage: new Uint8Array(bytes) });
      const { data } = await openpgp.decrypt({ message, decryptionKeys: privateKey, format: "binary" });
      expect(gunzipSync(Buffer.from(data)).toString()).toBe("Id\n1\n2\n");
    }
    const message = await openpgp.readMessage({ binaryMessage: new Uint8Array(bytes) });
    await expect(openpgp.decrypt({ message, decryptionKeys: stranger.privateKey })).rejects.toThrow(/decrypt/iu);
  });

  test("is refused when a recipient's key is none", async () => {
    const recipients = ["-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nnonsense\n-----END PGP PUBLIC KEY BLOCK-----"];
    await expect(write(["Id"], [["1"]], { recipients })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });
});
