import { expect } from "vitest";
import type { KitLoader } from "./kit-loader.ts";
import { comparable, kitWorld, type KitWorld } from "./kit-world.ts";
import { live } from "./mishaps.ts";

/** What files without quotes can hold. */
const BARE = ["plain", null, "", 'say "hi"', " blanks ", "a,b", "'", "é😀", "^$.*[x]", "\\N", "\\.x"];
const COLUMNS = ["id", "name", "note", "amount"];
const GROUPS = "changes: {upsert: [added, changed], delete: [removed]}\n";
const COMBINED = `changes: {all: [added, changed, removed]}
columns: {id: id, Action: {from: _change, map: {added: "+", changed: "=", removed: "-"}}, name: name, note: note, amount: amount}
`;

interface KitFormat {
  readonly model?: string;
  readonly file: string;
  readonly loaders: readonly KitLoader["name"][];
  readonly texts?: readonly (string | null)[];
  /** A text that cannot be told from NULL. */
  readonly asNull?: string;
}

const ALL = ["node", "duckdb", "postgres"] as const;
/** Options of files, each with the loaders that can read it. */
export const KIT_FORMATS: Readonly<Record<string, KitFormat>> = {
  "pipes without quotes, CR LF, no header": { file: "{preset: pipe_legacy}", loaders: ALL, texts: BARE, asNull: "" },
  "tabs, a text for NULL, everything quoted": {
    model: GROUPS,
    file: '{format: txt, quote: all, "null": "NULL"}',
    loaders: ALL,
    asNull: "NULL",
  },
  "packed, NULL as \\N, a byte order mark without header": {
    model: COMBINED,
    file: '{"null": "\\\\N", compression: gzip, bom: true, header: false, delimiter: ";"}',
    loaders: ALL,
  },
  "everything but NULL quoted, byte order mark, CR LF, parts of two rows": {
    model: COMBINED,
    file: "{quote: non_null, bom: true, newline: crlf, max_rows: 2}",
    loaders: ALL,
  },
  "a caret without quotes, packed": {
    file: '{quote: none, delimiter: "^", compression: gzip}',
    loaders: ALL,
    texts: BARE.slice(0, 8),
    asNull: "",
  },
  "a delimiter of two bytes, zstd": { file: '{delimiter: "§", compression: zstd}', loaders: ["duckdb"] },
  "objects of JSON": { file: "{format: ndjson, newline: crlf}", model: GROUPS, loaders: ["node", "postgres"] },
  "removed rows by their key alone": { file: "{}", model: "removed_columns: key\n", loaders: ALL },
  Parquet: { file: "{format: parquet}", model: COMBINED, loaders: ["duckdb"] },
};

/** Delivers three days in a format, and makes the kit. Returns the world with the loaders that the kit has. */
export async function formatWorld(name: string): Promise<{ readonly world: KitWorld; readonly loaders: readonly string[] }> {
  const { model = "", file, texts } = KIT_FORMATS[name] ?? { file: "" };
  const world = await kitWorld(`primary_key: [id]\nfile: ${file}\n${model}`);
  for (const day of [1, 2, 3]) {
    live(world.people, day, texts);
    await world.deliver();
  }
  await world.fetch();
  const made = JSON.parse(await world.say(["kit", "people", "--out", "kit", "--json"])) as {
    readonly data: {
      readonly loaders: readonly { readonly name: string; readonly file: string | null; readonly objection: string | null }[];
    };
  };
  const refused = made.data.loaders.filter((loader) => loader.file === null);
  expect(refused.every(({ objection }) => (objection ?? "").length > 20)).toBe(true);
  return { world, loaders: made.data.loaders.flatMap((loader) => (loader.file === null ? [] : [loader.name])) };
}

/** Holds a loader to the rows that were told. */
export async function expectTold(name: string, world: KitWorld, loader: KitLoader): Promise<void> {
  expect(await loader.load(world.kit, world.inbox)).toMatchObject({ ok: true });
  const told = world.expected(KIT_FORMATS[name]?.asNull);
  expect([loader.name, ...comparable(await loader.rows(), COLUMNS)]).toEqual([loader.name, ...comparable(told, COLUMNS)]);
}
