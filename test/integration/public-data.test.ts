import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { say } from "../support/fake-host.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const PACKAGE = import.meta.resolve("vega-datasets");
const AIRPORTS = fileURLToPath(new URL("../data/airports.csv", PACKAGE));
const WEATHER = fileURLToPath(new URL("../data/seattle-weather.csv", PACKAGE));
const CONFIG = `
version: 1
sources: {files: {type: duckdb}}
destinations: {out: {type: local, path: out}}
`;

type Row = readonly string[];

const rowsOf = (text: string): readonly Row[] => parse(text, { relax_column_count: false });

async function project(model: string, yaml: string): Promise<TempFolder> {
  const folder = await tempFolder();
  await folder.write("config.yaml", CONFIG);
  await folder.write(`models/${model}.yaml`, `source: files\ndestination: out\n${yaml}`);
  return folder;
}

/** Runs the project's only stream and returns the rows of each file of the generation, without headers. */
async function deliver(folder: TempFolder, generation: number): Promise<Readonly<Record<string, readonly Row[]>>> {
  const { exit, stdout, stderr } = await say(["run", "--all"], { cwd: folder.path });
  expect({ exit, stdout, stderr }).toMatchObject({ exit: 0 });
  const at = folder.at("out", String(generation));
  const files = (await readdir(at)).toSorted();
  const rows = files.map(async (name) => [name.replace(".csv", ""), rowsOf(await readFile(join(at, name), "utf8")).slice(1)] as const);
  return Object.fromEntries(await Promise.all(rows));
}

const byKey = (a: Row, b: Row): number => Buffer.compare(Buffer.from(a[0] ?? ""), Buffer.from(b[0] ?? ""));

test("3,376 airports: all of them first, then exactly the edits of a new edition", { timeout: 60_000 }, async () => {
  await using folder = await project(
    "airports",
    `query: SELECT * FROM read_csv('airports.csv', all_varchar = true)
primary_key: [iata]
file: {folder: "{generation}", name: "{change}-{part}", quote: all}
`,
  );
  const original = await readFile(AIRPORTS, "utf8");
  await folder.write("airports.csv", original);
  const [header, ...airports] = rowsOf(original);
  expect(airports).toHaveLength(3376);

  expect(await deliver(folder, 1)).toEqual({ "added-1": airports.toSorted(byKey) });

  // A new edition in another order: every 100th airport is closed, every 90th renamed, some are moved, five open.
  const closed = airports.filter((_, index) => index % 100 === 7);
  const kept = airports.filter((_, index) => index % 100 !== 7);
  const edited = kept.map(([iata = "", name = "", ...rest], index) => [iata, index % 90 === 3 ? `${name}, "New" Field` : name, ...rest]);
  const renamed = edited.filter((_, index) => index % 90 === 3);
  const opened = [1, 2, 3, 4, 5].map((n) => [`ZZ${n}`, `Żółć\r\nField ${n}`, "", "NA", "Land; of 'x'", `${n}.10`, "-0.0"]);
  const quoted = (row: Row): string => row.map((field) => `"${field.replaceAll('"', '""')}"`).join(",");
  await folder.write("airports.csv", [header ?? [], ...opened, ...edited.toReversed()].map((row) => `${quoted(row)}\n`).join(""));

  expect(await deliver(folder, 2)).toEqual({
    "added-1": opened.toSorted(byKey),
    "changed-1": renamed.toSorted(byKey),
    "removed-1": closed.toSorted(byKey),
  });

  const again = await say(["run", "--all", "--json"], { cwd: folder.path });
  expect(JSON.parse(again.stdout)).toMatchObject({ data: { runs: [{ status: "unchanged", added: 0, changed: 0, removed: 0 }] } });
});

test(
  "1,461 days of Seattle's weather: dates and floats keep their text, a corrected day is one changed row",
  { timeout: 60_000 },
  async () => {
    await using folder = await project(
      "weather",
      `query: SELECT * FROM read_csv('weather.csv')
primary_key: [date]
file: {folder: "{generation}", name: "{change}-{part}"}
`,
    );
    const original = await readFile(WEATHER, "utf8");
    await folder.write("weather.csv", original);
    const days = rowsOf(original).slice(1);
    expect(days).toHaveLength(1461);

    // The text of a float is the shortest that reads back: 20.0 stands as DuckDB prints it in both.
    const { "added-1": told = [] } = await deliver(folder, 1);
    expect(told.map((row) => row[0])).toEqual(days.map(([date]) => isoDay(date)).toSorted());
    expect(told.map((row) => row.slice(1, 5).map(Number))).toEqual(days.map((row) => row.slice(1, 5).map(Number)));

    await folder.write("weather.csv", original.replace(/^(2012[-/]0?1[-/]0?3),[\d.]+,/m, "$1,123.4,"));
    const second = await deliver(folder, 2);
    expect(Object.keys(second)).toEqual(["changed-1"]);
    expect(second["changed-1"]?.map((row) => row.slice(0, 2))).toEqual([["2012-01-03", "123.4"]]);
  },
);

function isoDay(text = ""): string {
  const [year = "", month = "", day = ""] = text.split(/[-/]/);
  return `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
}
