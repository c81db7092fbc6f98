import { describe, expect, test } from "vitest";
import { load, MODEL, problems } from "./temp-project.ts";

/** The messages of a model's problems, each as `line:column CODE message / hint`. */
async function messages(more: string, base = MODEL): Promise<readonly string[]> {
  const text = await problems({ "models/users.yaml": base + more });
  return [...text.matchAll(/^models\/users\.yaml:(\S+ \S+ .*)$/gmu)].map((match) => match[1] ?? "");
}

async function fileFormat(more: string, base = MODEL, files: Readonly<Record<string, string>> = {}) {
  const { project } = await load({ "models/users.yaml": base + more, ...files });
  const [stream] = project.streams;
  if (stream === undefined) throw new Error("there is no stream");
  return { ...stream.fileFormat, changes: stream.changes, columns: stream.columns };
}

const FULL = `${MODEL}mode: full\n`;

describe("a file section is refused", () => {
  test.each([
    ["{format: ndjson, delimiter: ';'}", 'CONFIG_INVALID "delimiter" has no effect with format: ndjson'],
    ["{format: ndjson, quote: all}", 'CONFIG_INVALID "quote" has no effect with format: ndjson'],
    ["{format: parquet, newline: crlf}", 'CONFIG_INVALID "newline" has no effect with format: parquet'],
    ["{format: parquet, max_bytes: 1GB}", 'CONFIG_INVALID "max_bytes" has no effect with format: parquet'],
    ["{compression: snappy}", "CONFIG_INVALID snappy is for parquet files"],
    ['{timestamp: "%Y-%Q"}', "CONFIG_INVALID %Q is unknown"],
    ["{timestamp: ISO}", "CONFIG_INVALID the pattern shows no part of a timestamp"],
    ["{timezone: Europe/Berln}", 'CONFIG_INVALID there is no time zone "Europe/Berln"'],
    ["{boolean: [Y, Y]}", "CONFIG_INVALID true and false have the same text"],
    ["{split_by: [_run_id]}", "CONFIG_INVALID files cannot be split by _run_id"],
    ["{split_by: [a, a]}", 'CONFIG_INVALID "a" stands in split_by twice'],
    ["{split_by: [a], name: '{stream}-{generation}-{change}-{part}-{b}'}", "CONFIG_INVALID file.name: {b} is unknown"],
    ["{split_by: [a], folder: x}", "CONFIG_KEYS_COLLIDE file.name: keys must differ for every a: put {a} in"],
    ["{split_by: [a, b], folder: '{a}-{b}'}", "CONFIG_KEYS_COLLIDE file.name: {a} runs into what follows it"],
    ["{split_by: a, empty: header_only}", "CONFIG_INVALID without rows there is no value of split_by to name a file by"],
    ["{empty: manifest, manifest: false}", "CONFIG_INVALID empty: manifest needs the manifest"],
    ["{overwrite: true, name: latest}", "CONFIG_INVALID overwrite: true needs mode: full"],
    ["{done_file: done}", "CONFIG_KEYS_COLLIDE file.done_file: keys must differ for every generation"],
    ["{done_file: '{generation}-{part}'}", "CONFIG_KEYS_COLLIDE file.done_file: there is one such object a generation: take {part} out"],
    ["{done_file: '{stream}-{generation:06}-added-0001.csv'}", "CONFIG_KEYS_COLLIDE file.done_file could be the key of a file"],
    ["{max_bytes: lots}", "CONFIG_INVALID"],
    ["{pgp: {recipients: [nobody.asc]}}", "CONFIG_INVALID models/nobody.asc: the file does not exist"],
    ["{preset: excell}", "CONFIG_INVALID"],
  ])("%s", async (file, message) => {
    expect(await messages(`file: ${file}\n`)).toEqual([expect.stringContaining(message)]);
  });

  test("with what makes several files of the one that is replaced", async () => {
    const found = await messages("file: {overwrite: true, name: latest, max_rows: 5, split_by: [a], folder: ''}\n", FULL);
    expect(found).toEqual([expect.stringContaining('"max_rows" can make several'), expect.stringContaining('"split_by" can make several')]);
  });
});

describe("named changes are refused", () => {
  test.each([
    ["{}", "no kind of change is delivered"],
    ["{up: [added, changed], down: [added]}", '"added" belongs to "up" already'],
    ["{removed: [added]}", '"removed" is the name of a kind of change'],
    ["{full: [added]}", '"full" is the name of a kind of change'],
    ["{up: [added], upsert: [changed]}", '"up" could be taken for the beginning of "upsert" in a key'],
    ["{sert: [added], upsert: [changed]}", '"sert" could be taken for the end of "upsert" in a key'],
  ])("%s", async (changes, message) => {
    expect(await messages(`changes: ${changes}\n`)).toEqual([expect.stringContaining(message)]);
  });
});

describe("a file section stands for", () => {
  test("a folder for each value, unless the names tell it", async () => {
    expect((await fileFormat("file: {split_by: [_change, _audience, tier]}\n")).folder).toBe("{_audience}/{tier}");
    expect(await fileFormat("file: {split_by: tier, name: '{tier}/{generation}-{change}-{part}'}\n")).toMatchObject({
      folder: "",
      splitBy: ["tier"],
    });
  });

  test.each([
    ["{compression: gzip}", "csv.gz"],
    ["{format: txt, compression: zstd}", "txt.zst"],
    ["{format: parquet, compression: zstd}", "parquet"],
    ["{extension: '', compression: gzip}", "gz"],
    ["{extension: dat}", "dat"],
  ])("the extension of %s", async (file, extension) => {
    expect((await fileFormat(`file: ${file}\n`)).extension).toBe(extension);
  });

  test.each([
    ["1000", 1000],
    ["1GB", 1_000_000_000],
    ["1.5MB", 1_500_000],
    ["64MiB", 67_108_864],
    ["10 k", 10_000],
  ])("a size of %s", async (size, bytes) => {
    expect((await fileFormat(`file: {max_bytes: ${size}}\n`)).maxBytes).toBe(bytes);
  });

  test("the keys of its recipients, and a private key is refused", async () => {
    const key = "-----BEGIN PGP PUBLIC KEY BLOCK-----\nx\n-----END PGP PUBLIC KEY BLOCK-----\n";
    const format = await fileFormat("file: {pgp: {recipients: [keys/acme.asc]}, compression: gzip}\n", MODEL, {
      "models/keys/acme.asc": key,
    });
    expect(format).toMatchObject({ recipients: [key], extension: "csv.gz.pgp" });
    const files = {
      "models/users.yaml": `${MODEL}file: {pgp: {recipients: [a.asc]}}\n`,
      "models/a.asc": key.replaceAll("PUBLIC", "PRIVATE"),
    };
    expect(await problems(files)).toContain("this is a private key");
  });

  test("named changes and the kinds that they deliver", async () => {
    const format = await fileFormat("changes: {upsert: [changed, added]}\n");
    expect(format).toMatchObject({ changes: ["added", "changed"], groups: [{ name: "upsert", kinds: ["changed", "added"] }] });
    expect((await fileFormat("", FULL)).groups).toEqual([]);
  });

  test("the options of a preset, under those that are written", async () => {
    expect(await fileFormat("file: {preset: excel, delimiter: ';', bom: false}\n")).toMatchObject({
      delimiter: ";",
      bom: false,
      newline: "crlf",
      formulaGuard: true,
      boolean: ["TRUE", "FALSE"],
    });
  });
});

describe("a preset is refused", () => {
  test("when a customer-match list has something in the clear", async () => {
    const columns = "columns: {Email: {from: email, apply: [trim, lower, sha256]}, Phone: phone, Country: country}\n";
    expect(await messages(`${columns}file: {preset: customer_match}\n`)).toEqual([
      expect.stringContaining('"Phone" of a customer-match list has to be hashed'),
    ]);
  });

  test.each([
    ["", "segment_audience needs columns"],
    ["columns: {timestamp: at}\n", 'segment_audience fills "timestamp" itself'],
    ["columns: {run: _run_id, id: id}\n", '"run" is no column of the row'],
    ["columns: {'*': '*'}\n", '"*" is no column of the row'],
  ])("segment_audience: %j", async (columns, message) => {
    expect(await messages(`${columns}file: {preset: segment_audience}\n`)).toEqual([expect.stringContaining(message)]);
  });

  test("when an audience file has a delimiter that nobody expects", async () => {
    expect(await messages("columns: {id: id}\nfile: {preset: segment_audience, delimiter: '^'}\n")).toEqual([
      expect.stringContaining("a comma, pipe, tab"),
    ]);
  });
});
