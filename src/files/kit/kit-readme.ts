import type { KitFacts } from "./kit-facts.ts";
import { type Loader, LOADER_FILES, LOADERS, loaderObjection } from "./kit-loaders.ts";

/** Objects of a kit's example, by the text that the readme needs. */
export interface KitExample {
  readonly keys: readonly string[];
}

/** The text that a partner reads first. It says nothing of where rows come from. */
export function kitReadme(facts: KitFacts, example: KitExample): string {
  return [
    `# ${facts.stream}: how to read these files\n`,
    ...arrives(facts, example),
    ...columns(facts),
    ...bytes(facts),
    ...applying(facts),
    ...troubles(),
    ...loaders(facts),
  ].join("\n");
}

function arrives({ stream, mode, changes, format, key }: KitFacts, { keys }: KitExample): readonly string[] {
  const told = format.groups.length === 0 ? "`full`" : format.groups.map(({ name }) => `\`${name}\``).join(", ");
  const rows =
    mode === "full"
      ? "Every delivery holds every row: it takes the place of the one before."
      : mode === "append"
        ? "Every delivery holds the rows that are new since the one before. A row that was delivered does not change and does not go away."
        : `A delivery holds what changed since the one before, told as ${changes.join(", ")}. ${key.map((name) => `\`${name}\``).join(" and ")} ${key.length === 1 ? "tells" : "tell"} which row is meant.`;
  return [
    "## What arrives\n",
    `${rows} Deliveries are numbered: each is a *generation*, and the numbers only go up. A number may be left out.\n`,
    `A generation has files (here told as ${told}, and \`full\` where a table is told anew) and, last of all, a *manifest*, a small JSON file that lists them:\n`,
    "```text",
    ...keys,
    "```\n",
    `**When a manifest stands, all its files do.** Wait for \`_spillway/${stream}/NNNNNN.json\`, never for the files. Keys in a manifest are relative to the place that is`,
    "delivered to, so a copy of the whole place, elsewhere, is as good. Bytes under a key never change" +
      (format.overwrite ? ", but for the one file that each delivery replaces: only the newest manifest speaks of it." : ".") +
      "\n",
    ...(format.doneFile === null ? [] : ["An empty done file comes behind the files and before the manifest; the manifest says more.\n"]),
    ...(format.splitBy.length === 0
      ? []
      : [
          `Files are split by the value of ${format.splitBy.map((name) => `\`${name}\``).join(", ")}, which the manifest tells under \`split\`.\n`,
        ]),
  ];
}

function columns({ columns: all, key }: KitFacts): readonly string[] {
  const rows = all.map(({ name, kind, metadata }) => {
    const notes = [
      key.includes(name) ? "part of the key, never NULL" : "",
      metadata === null ? "" : `a fact of the delivery: \`${metadata}\``,
    ];
    return `| \`${name.replaceAll("|", "\\|")}\` | ${kind} | ${notes.filter((note) => note !== "").join("; ")} |`;
  });
  return [
    "## Columns\n",
    "In the order of the files. `schema/row.schema.json` has them as a JSON schema, and each manifest has those of its own files: columns may be added later.\n",
    "| column | type | |\n|---|---|---|",
    ...rows,
    "",
  ];
}

function bytes({ format }: KitFacts): readonly string[] {
  const isText = format.format === "csv" || format.format === "txt";
  const facts: readonly (readonly [string, string])[] = [
    ["format", format.format],
    ...(isText
      ? ([
          ["delimiter", JSON.stringify(format.delimiter)],
          ["header", format.header ? "the first line names the columns" : "none"],
          ["quotes", QUOTES[format.quote]],
          ["NULL", format.nullText === "" ? "an empty field" : `\`${format.nullText}\``],
          ["line end", format.newline === "crlf" ? "CR LF" : "LF"],
          ["encoding", format.bom ? "UTF-8 with a byte order mark" : "UTF-8"],
        ] as const)
      : []),
    ["timestamps", `\`${format.timestamp}\`, in ${format.timezone}`],
    ["booleans", format.boolean.map((text) => `\`${text}\``).join(", ")],
    ["compression", format.compression],
    ...(format.recipients.length === 0 ? [] : [["encryption", "OpenPGP, to the keys that were agreed on"] as const]),
    ...(format.formulaGuard ? [["formulas", "an apostrophe stands before texts that a spreadsheet would run"] as const] : []),
  ];
  const told =
    isText && (format.quote === "minimal" || format.quote === "non_null") && format.nullText === ""
      ? "\nNULL and the empty text differ: NULL stands bare, the empty text in quotes. Many readers take both for the same unless told.\n"
      : isText && format.nullText === ""
        ? "\nNULL and the empty text are written alike; the loaders read both as NULL.\n"
        : "";
  return ["## Bytes\n", "| | |\n|---|---|", ...facts.map(([name, value]) => `| ${name} | ${value} |`), told];
}

const QUOTES = {
  minimal: '`"` where a field needs them (RFC 4180)',
  all: '`"` around every field',
  non_null: '`"` around every field but NULL',
  none: "none: a quote is a character like any other",
} as const;

function applying({ mode, removedColumns }: KitFacts): readonly string[] {
  return [
    "## How to apply it\n",
    "1. Read manifests in the order of `generation`. Ignore one that you applied already: applying is **idempotent** by its number alone.",
    "2. Apply a generation only on top of the one that its `previous` names, and compare `previous.sha256` with the hash of that manifest's bytes. `state_id` never changes.",
    "3. Compare `size`, `sha256` and `rows` of each file before you use any of its rows.",
    "4. Apply `objects` in the order given. Rows of `removed` go, by their key; rows of `changed` and `added` take the row's place, whole.",
    removedColumns === null
      ? "   A removed row carries the values told last."
      : `   Files of removed rows have only ${removedColumns.map((name) => `\`${name}\``).join(", ")}; the manifest says so under \`changes\`.`,
    "5. Under `kind: full` the rows of `full` are the whole table: what is not among them is gone. A `kind: checkpoint` has, beside its delta, the whole table under `full`: begin with it,",
    "   when you hold nothing yet or have lost your place, and leave its `full` files alone when you go on from the generation before.",
    ...(mode === "append" ? ["6. Here rows are only added; keep the number of the generation that was applied last with the rows."] : []),
    "",
  ];
}

function troubles(): readonly string[] {
  return [
    "## What it means when\n",
    "| you see | it means |\n|---|---|",
    "| a file or a manifest again, with the same bytes | it was delivered again, because it was missing or on request: ignore what was applied |",
    "| a file of a manifest missing | your copy is not complete, or it was deleted too early: wait, or ask for it to be delivered again |",
    "| a generation missing that the next one's `previous` names | the same |",
    "| a number missing that no `previous` names | it was given up; the next generation says everything again |",
    "| a file with another size or hash | it was changed after it was delivered: do not use it, and ask |",
    "| another `state_id` | somebody else delivers: do not go on, and ask |",
    "| a manifest with other columns | a column was added, renamed or taken away; ask for a new kit |",
    "",
  ];
}

const USAGE: Readonly<Record<Loader, string>> = {
  node: "`node load.mjs INBOX TABLE.jsonl [--csv TABLE.csv]`, with Node 20 or newer",
  pandas: "`python load.py INBOX TABLE.jsonl [--csv TABLE.csv]`, with Python 3.9 or newer and pandas; `load()` gives a DataFrame",
  duckdb: "`duckdb -bail my.db -cmd \"SET VARIABLE inbox = 'INBOX'\" < load.duckdb.sql`",
  postgres: "`psql -v inbox=INBOX -f load.postgres.sql`",
};

function loaders(facts: KitFacts): readonly string[] {
  const rows = LOADERS.map((loader) => {
    const objection = loaderObjection(loader, facts);
    return `| ${loader} | ${objection === null ? `\`${LOADER_FILES[loader]}\`` : "not here"} | ${objection ?? USAGE[loader]} |`;
  });
  return [
    "## Loaders\n",
    "Each of these keeps a table that is what was told, checks everything above, can be stopped at any moment and run again, and applies nothing twice. INBOX is a copy of the",
    "place that is delivered to; `samples` is a small one with made-up rows, to try them on. When something is missing they apply what comes before it, say what they wait for, and fail.\n",
    "| | file | |\n|---|---|---|",
    ...rows,
    "",
    "Values are kept as texts, exactly as they stand in the files" +
      (facts.format.format === "parquet" ? ", but for those that Parquet types.\n" : ".\n"),
  ];
}
