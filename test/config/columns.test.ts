import { expect, test } from "vitest";
import { load, MODEL, problems } from "./temp-project.ts";

const compiled = async (columns: string, more = "") => {
  const { project } = await load({ "models/users.yaml": `${MODEL}${more}columns:\n${columns}` });
  return project.streams[0]?.columns;
};
const broken = async (columns: string, more = ""): Promise<string> =>
  problems({ "models/users.yaml": `${MODEL}${more}columns:\n${columns}` });

test("steps have one order, however they are written, and functions that of the list", async () => {
  const columns = `  id: id
  A: {default: none, map: {1: one, x: null}, apply: [trim, {left: 3}, mask, {mask: 2}, email, {email: gmail}], format: "0.00", path: $.a, from: a}
  B: {from: b, default: "0"}
`;
  expect(await compiled(columns)).toEqual([
    { name: "id", value: { from: "column", column: "id" } },
    {
      name: "A",
      value: { from: "column", column: "a" },
      steps: [
        { step: "path", path: "$.a" },
        { step: "format", format: "0.00" },
        { step: "apply", name: "trim" },
        { step: "apply", name: "left", count: 3 },
        { step: "apply", name: "mask", count: 0 },
        { step: "apply", name: "mask", count: 2 },
        { step: "apply", name: "email", rules: "plain" },
        { step: "apply", name: "email", rules: "gmail" },
        {
          step: "map",
          entries: [
            ["1", "one"],
            ["x", null],
          ],
          otherwise: "none",
        },
      ],
    },
    { name: "B", value: { from: "column", column: "b" }, steps: [{ step: "map", entries: [], otherwise: "0" }] },
  ]);
});

test("the rest of the columns, what was told before, and the names of what changed are read as such", async () => {
  const columns = `  "*": "*"
  Email:
  Before: {from: _previous.tier, default: none}
  Old: _previous.Tier
  Tier: tier
  What: _changed_columns
`;
  expect(await compiled(columns)).toEqual([
    { name: "*", value: { from: "rest", dropped: ["Email"] } },
    { name: "Before", value: { from: "previous", output: "tier" }, steps: [{ step: "map", entries: [], otherwise: "none" }] },
    { name: "Old", value: { from: "previous", output: "Tier" } },
    { name: "Tier", value: { from: "column", column: "tier" } },
    { name: "What", value: { from: "metadata", field: "_changed_columns" } },
  ]);
});

test("the secret of a hash may stand in a variable, a file beside the model, or a command, and never shows", async () => {
  const columns = `  id: id
  A: {from: a, apply: [{hmac_sha256: "\${KEY}"}]}
  B: {from: a, apply: [{hmac_sha256: {file: key.txt}}]}
`;
  const { project } = await load({ "models/users.yaml": `${MODEL}columns:\n${columns}` }, { KEY: "s3cr3t-key" });
  expect(project.streams[0]?.columns?.slice(1).map(({ steps }) => steps)).toEqual([
    [{ step: "apply", name: "hmac_sha256", secret: "[redacted]" }],
    [{ step: "apply", name: "hmac_sha256", secret: { file: "<root>/models/key.txt" } }],
  ]);
  const shown = await broken("  id: id\n  A: {from: a, apply: [{hmac_sha256: s3cr3t-key}, lowr]}\n");
  expect(shown).toContain("lowr");
  expect(shown).not.toContain("s3cr3t");
});

test("a trigger belongs to the query", async () => {
  const { project } = await load({ "models/users.yaml": `${MODEL}where: tier <> '\${T}' -- not $1\n` }, { T: "internal" });
  expect(project.streams[0]?.query).toMatchObject({ kind: "sql", where: "tier <> 'internal' -- not $1" });
  expect(await problems({ "models/users.yaml": `${MODEL}where: ""\n` })).toContain("the SQL is empty");
});

test("a slip in a step is pointed at, next to what was meant", async () => {
  const columns = `  id: id
  A: {from: a, apply: [lowr, left, {e164: GR, left: 1}, {e164: de}, {e164: ZZZ}, {}]}
  B: {from: b, path: a.b, format: "0,00"}
  C: {template: "{a}", path: "$.a[x]", aply: [trim]}
  D: {from: d, format: "%Y-%Q"}
`;
  expect(await broken(columns)).toMatchInlineSnapshot(`
    "
    models/users.yaml:7:24 CONFIG_UNKNOWN_NAME there is no function "lowr"
      7 |   A: {from: a, apply: [lowr, left, {e164: GR, left: 1}, {e164: de}, {e164: ZZZ}, {}]}
                                 ^^^^ did you mean "lower"?

    models/users.yaml:7:30 CONFIG_INVALID left needs to be told what to do
      7 |   A: {from: a, apply: [lowr, left, {e164: GR, left: 1}, {e164: de}, {e164: ZZZ}, {}]}
                                       ^^^^ e.g. {left: 3}

    models/users.yaml:7:47 CONFIG_INVALID "left" stands beside another function
      7 |   A: {from: a, apply: [lowr, left, {e164: GR, left: 1}, {e164: de}, {e164: ZZZ}, {}]}
                                                        ^^^^ write each as an item of its own: - {name: argument}

    models/users.yaml:7:64 CONFIG_INVALID there is no country "de"
      7 |   A: {from: a, apply: [lowr, left, {e164: GR, left: 1}, {e164: de}, {e164: ZZZ}, {}]}
                                                                         ^^ did you mean "DE"?

    models/users.yaml:7:76 CONFIG_INVALID there is no country "ZZZ"
      7 |   A: {from: a, apply: [lowr, left, {e164: GR, left: 1}, {e164: de}, {e164: ZZZ}, {}]}
                                                                                     ^^^ write the two letters of ISO 3166, e.g. DE

    models/users.yaml:7:82 CONFIG_INVALID no function is named
      7 |   A: {from: a, apply: [lowr, left, {e164: GR, left: 1}, {e164: de}, {e164: ZZZ}, {}]}
                                                                                           ^^ write a name, or {name: argument}

    models/users.yaml:8:22 CONFIG_INVALID a JSON path begins with $, e.g. $.plan or $.items[0].sku
      8 |   B: {from: b, path: a.b, format: "0,00"}
                               ^^^

    models/users.yaml:8:35 CONFIG_INVALID "0,00" is no format: write a date pattern (%Y-%m-%d), epoch, epoch_ms, or a number pattern (0.00, 00000, 0.##, #,##0.00)
      8 |   B: {from: b, path: a.b, format: "0,00"}
                                            ^^^^^^

    models/users.yaml:9:24 CONFIG_INVALID a path leads into a column of the result
      9 |   C: {template: "{a}", path: "$.a[x]", aply: [trim]}
                                 ^^^^ add from: the column that holds JSON

    models/users.yaml:9:30 CONFIG_INVALID "[x]" is no step of a JSON path: write .key, ."a key" or [0]
      9 |   C: {template: "{a}", path: "$.a[x]", aply: [trim]}
                                       ^^^^^^^^

    models/users.yaml:9:40 CONFIG_UNKNOWN_KEY columns.C: there is no key "aply"
      9 |   C: {template: "{a}", path: "$.a[x]", aply: [trim]}
                                                 ^^^^ did you mean "apply"?

    models/users.yaml:10:24 CONFIG_INVALID %Q is no directive of a date pattern
      10 |   D: {from: d, format: "%Y-%Q"}
                                  ^^^^^^^
    "
  `);
});

test("what is no step at all is told as such", async () => {
  const columns = `  id: id
  A: {from: a, apply: [{sha265: x}]}
  B: {from: b, apply: [{left: three}]}
  C: {from: c, apply: [{left: -1}, {email: x}]}
  D: {from: d, map: {a: [b]}}
  E: {from: e, apply: trim}
  F: {from: f, apply: [{hmac_sha256: ""}]}
`;
  expect(await broken(columns)).toMatchInlineSnapshot(`
    "
    models/users.yaml:7:25 CONFIG_UNKNOWN_KEY columns.A.apply.0: there is no key "sha265"
      7 |   A: {from: a, apply: [{sha265: x}]}
                                  ^^^^^^ known: e164, left, right, mask, null_if, coalesce, email, hmac_sha256

    models/users.yaml:8:31 CONFIG_INVALID left has to be a number, not text
      8 |   B: {from: b, apply: [{left: three}]}
                                        ^^^^^

    models/users.yaml:9:31 CONFIG_INVALID left is not valid
      9 |   C: {from: c, apply: [{left: -1}, {email: x}]}
                                        ^^ at least 0

    models/users.yaml:9:44 CONFIG_INVALID email has to be one of plain, gmail
      9 |   C: {from: c, apply: [{left: -1}, {email: x}]}
                                                     ^

    models/users.yaml:10:22 CONFIG_INVALID a has to be text or nothing, not a list
      10 |   D: {from: d, map: {a: [b]}}
                                ^

    models/users.yaml:11:23 CONFIG_INVALID apply has to be a list, not text
      11 |   E: {from: e, apply: trim}
                                 ^^^^

    models/users.yaml:12:38 CONFIG_INVALID hmac_sha256 is not valid
      12 |   F: {from: f, apply: [{hmac_sha256: [hidden]}]}
                                                ^^^^^^^^ it must not be empty
    "
  `);
});

test("what stands for other columns is refused where it cannot", async () => {
  const columns = `  "*": {from: "*", apply: [trim]}
  All: "*"
  id: id
  Kind: _change
  T: {template: "{_previous.id}"}
  A: _previous.Kind
  B: _previous.Id
  "C,D": id
  E: _changed_columns
`;
  expect(await broken(columns)).toMatchInlineSnapshot(`
    "
    models/users.yaml:6:3 CONFIG_INVALID the column "*" stands for all that are not named
      6 |   "*": {from: "*", apply: [trim]}
            ^^^ write "*": "*"

    models/users.yaml:7:3 CONFIG_INVALID only the column named * can stand for the rest
      7 |   All: "*"
            ^^^ write "*": "*"

    models/users.yaml:10:18 CONFIG_INVALID {_previous.id} is a fact of the run, which no template can hold
      10 |   T: {template: "{_previous.id}"}
                            ^^^^^^^^^^^^^^ give it a column of its own: {from: _previous.id}

    models/users.yaml:11:6 CONFIG_INVALID "Kind" is a fact of the run, of which nothing was told before
      11 |   A: _previous.Kind
                ^^^^^^^^^^^^^^ name a column that shows the row

    models/users.yaml:13:3 CONFIG_INVALID a comma stands between the names in _changed_columns, and in "C,D"
      13 |   "C,D": id
             ^^^^^ give the column another name
    "
  `);
});

test("a key that is hashed in the file alone is warned of: the state keeps keys as they are", async () => {
  const { warnings } = await load({ "models/users.yaml": `${MODEL}columns:\n  Id: {from: id, apply: [sha256]}\n` });
  expect(warnings).toEqual([
    "models/users.yaml:6:14 the state keeps the key column id as it is, hashed or not in the file (to keep it out of the state, hash it in the query)",
  ]);
});
