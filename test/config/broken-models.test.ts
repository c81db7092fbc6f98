import { expect, test } from "vitest";
import { MODEL, problems } from "./temp-project.ts";

const model = async (text: string): Promise<string> => problems({ "models/users.yaml": text });

test("every problem of a model is told at once, slips next to what was meant", async () => {
  const text = `descripton: x
tags: [a b]
source: warehose
destination: parner
query: SELECT 1
table: x.y
primary_key: [id, id]
mode: detla
changes: [added, chnged]
first_run: maybe
ignore_changes_in: [Nme]
columns:
  Name: {from: a, value: b}
  none: {}
  T: {template: "{a} {"}
  U: {template: "{_change}"}
  M: _member
  P: {from: a, aply: [x]}
  X: [1]
file:
  delimiter: "||"
  extension: .csv
  null: 'a"b'
  name: "{stream}-{chnge}"
  quote: 3
`;
  expect(await model(text)).toMatchInlineSnapshot(`
    "
    models/users.yaml:1:1 CONFIG_UNKNOWN_KEY there is no key "descripton"
      1 | descripton: x
          ^^^^^^^^^^ did you mean "description"?

    models/users.yaml:2:8 CONFIG_INVALID tags[0] is not valid
      2 | tags: [a b]
                 ^^^ a tag has letters, digits, \`_\`, \`-\` and \`.\`

    models/users.yaml:3:9 CONFIG_UNKNOWN_NAME there is no source "warehose"
      3 | source: warehose
                  ^^^^^^^^ did you mean "warehouse"?

    models/users.yaml:4:14 CONFIG_UNKNOWN_NAME there is no destination "parner"
      4 | destination: parner
                       ^^^^^^ did you mean "partner"?

    models/users.yaml:6:1 CONFIG_INVALID "table" and "query" exclude each other
      6 | table: x.y
          ^^^^^ keep one of query, query_file, table, audiences

    models/users.yaml:7:19 CONFIG_INVALID the column "id" stands in the key twice
      7 | primary_key: [id, id]
                            ^^ name it once

    models/users.yaml:8:7 CONFIG_INVALID mode has to be one of delta, full, append
      8 | mode: detla
                ^^^^^ did you mean "delta"?

    models/users.yaml:9:18 CONFIG_INVALID changes[1] has to be one of added, changed, removed
      9 | changes: [added, chnged]
                           ^^^^^^ did you mean "changed"?

    models/users.yaml:10:12 CONFIG_INVALID first_run has to be one of full, baseline
      10 | first_run: maybe
                      ^^^^^

    models/users.yaml:11:21 CONFIG_UNKNOWN_NAME there is no output column "Nme"
      11 | ignore_changes_in: [Nme]
                               ^^^ did you mean "Name"?

    models/users.yaml:13:19 CONFIG_INVALID "value" and "from" exclude each other
      13 |   Name: {from: a, value: b}
                             ^^^^^ keep one of them

    models/users.yaml:14:3 CONFIG_INVALID the column "none" does not say what goes in
      14 |   none: {}
             ^^^^ add one of from, value, template

    models/users.yaml:15:17 CONFIG_INVALID "{" stands alone: write {{ for the character itself
      15 |   T: {template: "{a} {"}
                           ^^^^^^^

    models/users.yaml:16:18 CONFIG_INVALID {_change} is a fact of the run, which no template can hold
      16 |   U: {template: "{_change}"}
                            ^^^^^^^^^ give it a column of its own: {from: _change}

    models/users.yaml:17:6 CONFIG_INVALID _member exists in audience models only
      17 |   M: _member
                ^^^^^^^ use _change, or take the column away

    models/users.yaml:18:16 CONFIG_UNKNOWN_KEY columns.P: there is no key "aply"
      18 |   P: {from: a, aply: [x]}
                          ^^^^ did you mean "apply"?

    models/users.yaml:19:3 CONFIG_INVALID X has to be text or nothing or keys with values, not a list
      19 |   X: [1]
             ^

    models/users.yaml:21:14 CONFIG_INVALID the delimiter has to be one character
      21 |   delimiter: "||"
                        ^^^^ e.g. ";" or "\\t"

    models/users.yaml:22:14 CONFIG_INVALID the extension is not possible
      22 |   extension: .csv
                        ^^^^ write it without the dot: csv

    models/users.yaml:23:9 CONFIG_INVALID the text for NULL holds a quote, a line end or the delimiter
      23 |   null: 'a"b'
                   ^^^^^ it is written without quotes: choose another

    models/users.yaml:24:9 CONFIG_INVALID file.name: {chnge} is unknown; did you mean {change}?
      24 |   name: "{stream}-{chnge}"
                   ^^^^^^^^^^^^^^^^^^

    models/users.yaml:25:10 CONFIG_INVALID quote has to be one of minimal, all, non_null, none
      25 |   quote: 3
                    ^
    "
  `);
});

test("a model says once where its rows come from, and what its key is", async () => {
  const head = "source: warehouse\ndestination: partner\n";
  const files = {
    "models/a.yaml": head,
    "models/b.yaml": `${head}query: "  "\nprimary_key: []\n`,
    "models/c.yaml": `${head}table: a.b.c.d\nprimary_key: id\n`,
    "models/d.yaml": "query: SELECT 1\n",
  };
  expect(await problems(files)).toMatchInlineSnapshot(`
    "
    models/a.yaml:1:1 CONFIG_INVALID "primary_key" is missing
      1 | source: warehouse
          ^ name the columns that tell the rows apart, e.g. primary_key: [user_id]

    models/a.yaml:1:1 CONFIG_INVALID the model does not say which rows it delivers
      1 | source: warehouse
          ^ add one of query, query_file, table, audiences

    models/b.yaml:3:8 CONFIG_INVALID query is not valid
      3 | query: "  "
                 ^^^^ the SQL is empty

    models/b.yaml:4:1 CONFIG_INVALID primary_key is not valid
      4 | primary_key: []
          ^^^^^^^^^^^ it must not be empty

    models/c.yaml:3:8 CONFIG_INVALID table is not valid
      3 | table: a.b.c.d
                 ^^^^^^^ write \`table\`, \`schema.table\` or \`database.schema.table\`

    models/d.yaml:1:1 CONFIG_INVALID "destination" is missing
      1 | query: SELECT 1
          ^ name a destination of config.yaml, or give \`deliveries\`

    models/d.yaml:1:1 CONFIG_INVALID "source" is missing
      1 | query: SELECT 1
          ^ add the key; it has to be text
    "
  `);
});

test("an audience model has one base query, conditions, and no key of its own", async () => {
  const head = "source: warehouse\ndestination: partner\n";
  const files = {
    "models/a.yaml": `${head}primary_key: id\naudiences: {entity: {query: SELECT 1, query_file: a.sql, key: id}, members: {vip: ltv > 1}}\n`,
    "models/b.yaml": `${head}audiences: {entity: {key: [id, _audience]}, members: {}}\n`,
    "models/c.yaml": `${head}audiences: {entity: {query: SELECT 1}, members: {vip: ""}}\n`,
  };
  expect(await problems(files)).toMatchInlineSnapshot(`
    "
    models/a.yaml:3:1 CONFIG_INVALID the primary key of an audience model is (id, _audience)
      3 | primary_key: id
          ^^^^^^^^^^^ take the key away

    models/a.yaml:4:39 CONFIG_INVALID "query_file" and "query" exclude each other
      4 | audiences: {entity: {query: SELECT 1, query_file: a.sql, key: id}, members: {vip: ltv > 1}}
                                                ^^^^^^^^^^ keep one of them

    models/b.yaml:3:45 CONFIG_INVALID members is not valid
      3 | audiences: {entity: {key: [id, _audience]}, members: {}}
                                                      ^^^^^^^ name at least one audience

    models/c.yaml:3:13 CONFIG_INVALID "key" is missing
      3 | audiences: {entity: {query: SELECT 1}, members: {vip: ""}}
                      ^^^^^^ add the key; it has to be text or a list

    models/c.yaml:3:55 CONFIG_INVALID vip is not valid
      3 | audiences: {entity: {query: SELECT 1}, members: {vip: ""}}
                                                                ^^ the SQL is empty
    "
  `);
});

test("modes and choices that have no effect together are refused", async () => {
  expect(await model(`${MODEL}mode: full\nchanges: [added]\nfirst_run: baseline\n`)).toMatchInlineSnapshot(`
    "
    models/users.yaml:6:1 CONFIG_INVALID "changes" has no effect with mode: full
      6 | changes: [added]
          ^^^^^^^ take it away, or use mode: delta

    models/users.yaml:7:12 CONFIG_INVALID first_run: baseline has no effect with mode: full
      7 | first_run: baseline
                     ^^^^^^^^ take it away, or use mode: delta
    "
  `);
});

test("a variable that is not set is pointed at in SQL files, in conditions and in queries of several lines", async () => {
  const files = {
    "models/users.yaml": "source: warehouse\ndestination: partner\nprimary_key: id\nquery_file: users.sql\n",
    "models/users.sql": "SELECT id\nFROM ${SCHEMA}.users\nWHERE x = $1 AND y = ${SCHEMA}\n",
    "models/vips.yaml": `source: warehouse
destination: partner
audiences:
  entity:
    key: id
    query: |
      SELECT *
      FROM \${TABEL}
  members: {vip: "ltv > \${LIMIT}"}
`,
  };
  expect(await problems(files, { TABLE: "t" })).toMatchInlineSnapshot(`
    "
    models/vips.yaml:8:12 CONFIG_VARIABLE_UNSET the variable TABEL is not set
      8 |       FROM \${TABEL}
                     ^^^^^^^^ did you mean "TABLE"?

    models/vips.yaml:9:25 CONFIG_VARIABLE_UNSET the variable LIMIT is not set
      9 |   members: {vip: "ltv > \${LIMIT}"}
                                  ^^^^^^^^ set LIMIT in the environment or in .env

    models/users.sql:2:6 CONFIG_VARIABLE_UNSET the variable SCHEMA is not set
      2 | FROM \${SCHEMA}.users
               ^^^^^^^^^ set SCHEMA in the environment or in .env
    "
  `);
});

test("a long line is cut to a window around the mistake", async () => {
  const text = await model(`${MODEL}columns: {${Array.from({ length: 60 }, (_, at) => `C${at}: c${at}`).join(", ")}, Z: {form: z}}\n`);
  expect(text).toContain("did you mean");
  for (const line of text.split("\n")) expect(line.length).toBeLessThan(170);
});
