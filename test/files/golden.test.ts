import { mkdtemp, readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { decompress } from "fzstd";
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

/** One column of each kind, and a row of each. */
const COLUMNS: readonly (readonly [name: string, kind: ColumnKind, first: string | null, second: string | null])[] = [
  ["id", "integer", "1", "2"],
  ["price", "decimal", "12345678901234567890.10", "-0.50"],
  ["score", "float", "1.5", "NaN"],
  ["ok", "boolean", "true", null],
  ["day", "date", "2024-02-29", null],
  ["at", "timestamp", "2024-03-31T01:30:00.123456", null],
  ["seen", "timestamp_tz", "2024-03-31T00:30:00.25Z", "1969-12-31T23:59:59.5Z"],
  ["raw", "bytes", "AP8=", ""],
  ["doc", "json", '{"b": 1.10, "a": [null]}', '{\n "x": "a,b"}'],
  ["name", "text", 'O"Neil, Zoë', "=1+1"],
];

async function golden(format: Partial<FileFormat>, rows?: readonly DeltaRow[]): Promise<Buffer> {
  const folder = await mkdtemp(root.at("staging-"));
  const all: readonly DeltaRow[] = rows ?? [
    { op: "added", after: COLUMNS.map(([, , first]) => first) },
    { op: "added", after: COLUMNS.map(([, , , second]) => second) },
  ];
  const request = filesRequest(
    folder,
    COLUMNS.map(([name]) => name),
    all,
    format,
    COLUMNS.map(([, kind]) => kind),
  );
  await writeDelta(engine, request.delta.path, COLUMNS.length, all);
  const [file] = await writeFiles(engine, request, signal);
  return await readFile(file?.path ?? "");
}

const HEADER = "id,price,score,ok,day,at,seen,raw,doc,name\n";
const FIRST =
  '1,12345678901234567890.10,1.5,true,2024-02-29,2024-03-31T01:30:00.123456,2024-03-31T00:30:00.25Z,AP8=,"{""b"": 1.10, ""a"": [null]}","O""Neil, Zoë"\n';
const SECOND = '2,-0.50,NaN,,,,1969-12-31T23:59:59.5Z,"","{\n ""x"": ""a,b""}",=1+1\n';
const PLAIN = HEADER + FIRST + SECOND;

describe("the bytes of a file", () => {
  test.each<[string, Partial<FileFormat>, string]>([
    ["as csv", {}, PLAIN],
    [
      "as txt with tabs",
      { format: "txt", delimiter: "\t" },
      PLAIN.replaceAll(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/gu, "\t").replace('"O""Neil, Zoë"', '"O""Neil, Zoë"'),
    ],
    ["with another delimiter", { delimiter: ";" }, PLAIN.replaceAll(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/gu, ";")],
    [
      "without quotes, what cannot be carried replaced, the empty text and NULL both bare",
      { quote: "none", delimiter: "|", unencodable: "replace" },
      bare(HEADER) +
        '1|12345678901234567890.10|1.5|true|2024-02-29|2024-03-31T01:30:00.123456|2024-03-31T00:30:00.25Z|AP8=|{"b": 1.10, "a": [null]}|O"Neil, Zoë\n' +
        '2|-0.50|NaN||||1969-12-31T23:59:59.5Z||{\ufffd "x": "a,b"}|=1+1\n',
    ],
    [
      "without quotes, what cannot be carried stripped, NULL by its text",
      { quote: "none", delimiter: "|", unencodable: "strip", nullText: "\\N", header: false },
      '1|12345678901234567890.10|1.5|true|2024-02-29|2024-03-31T01:30:00.123456|2024-03-31T00:30:00.25Z|AP8=|{"b": 1.10, "a": [null]}|O"Neil, Zoë\n' +
        '2|-0.50|NaN|\\N|\\N|\\N|1969-12-31T23:59:59.5Z||{ "x": "a,b"}|=1+1\n',
    ],
    ["without a header", { header: false }, FIRST + SECOND],
    ["with lines that end in CR LF, and only them", { newline: "crlf" }, PLAIN.replaceAll(/\n(?! )/gu, "\r\n")],
    ["with a byte order mark", { bom: true }, `\ufeff${PLAIN}`],
    ["with a byte order mark and no header", { bom: true, header: false }, `\ufeff${FIRST}${SECOND}`],
    ["with a text for NULL", { nullText: "NULL" }, PLAIN.replace("NaN,,,,", "NaN,NULL,NULL,NULL,")],
    [
      "with every field in quotes",
      { quote: "all" },
      quoted(HEADER) +
        '"1","12345678901234567890.10","1.5","true","2024-02-29","2024-03-31T01:30:00.123456","2024-03-31T00:30:00.25Z","AP8=","{""b"": 1.10, ""a"": [null]}","O""Neil, Zoë"\n' +
        '"2","-0.50","NaN","","","","1969-12-31T23:59:59.5Z","","{\n ""x"": ""a,b""}","=1+1"\n',
    ],
    [
      "with every field but NULL in quotes",
      { quote: "non_null", header: false },
      '"1","12345678901234567890.10","1.5","true","2024-02-29","2024-03-31T01:30:00.123456","2024-03-31T00:30:00.25Z","AP8=","{""b"": 1.10, ""a"": [null]}","O""Neil, Zoë"\n' +
        '"2","-0.50","NaN",,,,"1969-12-31T23:59:59.5Z","","{\n ""x"": ""a,b""}","=1+1"\n',
    ],
    ["with formulas disarmed, numbers left alone", { formulaGuard: true }, PLAIN.replace("=1+1", "'=1+1")],
    ["with other booleans", { boolean: ["Y", "N"] }, PLAIN.replace(",true,", ",Y,")],
    [
      "with instants in another zone, over the change to summer time",
      { timezone: "Europe/Berlin" },
      PLAIN.replace("2024-03-31T00:30:00.25Z", "2024-03-31T01:30:00.25+01:00").replace(
        "1969-12-31T23:59:59.5Z",
        "1970-01-01T00:59:59.5+01:00",
      ),
    ],
    [
      "with timestamps as seconds, cut down to whole ones",
      { timestamp: "epoch" },
      PLAIN.replace("2024-03-31T01:30:00.123456", "1711848600")
        .replace("2024-03-31T00:30:00.25Z", "1711845000")
        .replace("1969-12-31T23:59:59.5Z", "-1"),
    ],
    [
      "with timestamps as milliseconds",
      { timestamp: "epoch_ms" },
      PLAIN.replace("2024-03-31T01:30:00.123456", "1711848600123")
        .replace("2024-03-31T00:30:00.25Z", "1711845000250")
        .replace("1969-12-31T23:59:59.5Z", "-500"),
    ],
    [
      "with timestamps by a pattern, quoted when it holds the delimiter",
      { timestamp: "%d.%m.%Y, %H:%M %z%%z", timezone: "Asia/Kolkata" },
      PLAIN.replace("2024-03-31T01:30:00.123456", '"31.03.2024, 01:30 %z"')
        .replace("2024-03-31T00:30:00.25Z", '"31.03.2024, 06:00 +05:30%z"')
        .replace("1969-12-31T23:59:59.5Z", '"01.01.1970, 05:29 +05:30%z"'),
    ],
  ])("%s", async (_, format, bytes) => {
    expect((await golden(format)).toString()).toBe(bytes);
  });

  test("as ndjson: numbers with their exact digits, JSON as it is but on one line, NULL as null", async () => {
    expect((await golden({ format: "ndjson" })).toString()).toBe(
      '{"id":1,"price":12345678901234567890.10,"score":1.5,"ok":true,"day":"2024-02-29","at":"2024-03-31T01:30:00.123456","seen":"2024-03-31T00:30:00.25Z","raw":"AP8=","doc":{"b": 1.10, "a": [null]},"name":"O\\"Neil, Zoë"}\n' +
        '{"id":2,"price":-0.50,"score":"NaN","ok":null,"day":null,"at":null,"seen":"1969-12-31T23:59:59.5Z","raw":"","doc":{  "x": "a,b"},"name":"=1+1"}\n',
    );
  });

  test("as ndjson with timestamps as numbers and other booleans as texts", async () => {
    const text = (await golden({ format: "ndjson", timestamp: "epoch", boolean: ["1", "0"], newline: "crlf" })).toString();
    expect(text).toContain('"ok":"1","day":"2024-02-29","at":1711848600,"seen":1711845000,');
    expect(text.endsWith('"name":"=1+1"}\r\n')).toBe(true);
  });
});

function bare(line: string): string {
  return line.replaceAll(",", "|");
}

function quoted(line: string): string {
  return `${line
    .trimEnd()
    .split(",")
    .map((field) => `"${field}"`)
    .join(",")}\n`;
}

describe("a compressed file", () => {
  test("as gzip has the same bytes on a repeat, and those of the plain file inside", async () => {
    const once = await golden({ compression: "gzip" });
    expect(gunzipSync(once).toString()).toBe(PLAIN);
    expect(await golden({ compression: "gzip" })).toEqual(once);
    // No time of day in the header.
    expect(once.subarray(4, 8)).toEqual(Buffer.alloc(4));
  });

  test("as zstd has the same bytes on a repeat, and those of the plain file inside", async () => {
    const once = await golden({ compression: "zstd" });
    expect(await golden({ compression: "zstd" })).toEqual(once);
    expect(Buffer.from(decompress(once)).toString()).toBe(PLAIN);
  });
});
