import { describe, expect, test } from "vitest";
import { CONFIG, problems } from "./temp-project.ts";

const model = async (text: string | Uint8Array): Promise<string> => problems({ "models/users.yaml": text });

describe("A file that is not the YAML that is read", () => {
  test("with a repeated key names the second one", async () => {
    expect(await model("source: a\ndestination: b\nsource: c\n")).toMatchInlineSnapshot(`
      "
      models/users.yaml:3:1 CONFIG_SYNTAX the key "source" stands here twice
        3 | source: c
            ^^^^^^ keep one of the two
      "
    `);
  });
  test("with a repeated key of which one is quoted is refused as well", async () => {
    expect(await model('file:\n  null: ""\n  "null": x\n')).toMatchInlineSnapshot(`
      "
      models/users.yaml:3:3 CONFIG_SYNTAX the key "null" stands here twice
        3 |   "null": x
              ^^^^^^ keep one of the two
      "
    `);
  });
  test("with a tag names the tag", async () => {
    expect(await model("description: !secret x\ntags: !!set {a, b}\n")).toMatchInlineSnapshot(`
      "
      models/users.yaml:1:14 CONFIG_SYNTAX the tag !secret is not supported
        1 | description: !secret x
                         ^^^^^^^ write the value without a tag

      models/users.yaml:2:8 CONFIG_SYNTAX the tag !set is not supported
        2 | tags: !!set {a, b}
                   ^^^^ write the value without a tag
      "
    `);
  });
  test("with a merge key says to write the keys out", async () => {
    expect(await model("file: &f {header: true}\ncolumns:\n  <<: *f\n")).toMatchInlineSnapshot(`
      "
      models/users.yaml:3:3 CONFIG_SYNTAX merge keys are not part of YAML 1.2
        3 |   <<: *f
              ^^ write the keys out
      "
    `);
  });
  test("with tabs says to use spaces", async () => {
    expect(await model("file:\n\theader: true\n")).toMatchInlineSnapshot(`
      "
      models/users.yaml:2:1 CONFIG_SYNTAX a tab cannot indent YAML
        2 | 	header: true
            ^ use spaces
      "
    `);
  });
  test("with two documents points at the second", async () => {
    expect(await model("source: a\n---\nsource: b\n")).toMatchInlineSnapshot(`
      "
      models/users.yaml:2:1 CONFIG_SYNTAX a second document starts here
        2 | ---
            ^^^ one file holds one document; make two files
      "
    `);
  });
  test("that is empty or holds only comments says so", async () => {
    expect(await problems({ "models/empty.yaml": "", "models/remarks.yaml": "# nothing\n", "models/dashes.yaml": "---\n" }))
      .toMatchInlineSnapshot(`
      "
      models/dashes.yaml:1:1 CONFIG_SYNTAX the file is empty
        1 | ---
            ^ write at least one key, or take the file away

      models/empty.yaml:1:1 CONFIG_SYNTAX the file is empty
        1 | 
            ^ write at least one key, or take the file away

      models/remarks.yaml:1:1 CONFIG_SYNTAX the file is empty
        1 | # nothing
            ^ write at least one key, or take the file away
      "
    `);
  });
  test("with a list or a lone value at the top says what it wants", async () => {
    expect(await problems({ "models/list.yaml": "- a\n- b\n", "models/word.yaml": "hello\n" })).toMatchInlineSnapshot(`
      "
      models/list.yaml:1:1 CONFIG_SYNTAX the file holds a list, not keys with values
        1 | - a
            ^^^ write \`key: value\` lines

      models/word.yaml:1:1 CONFIG_SYNTAX the file holds one value, not keys with values
        1 | hello
            ^^^^^ write \`key: value\` lines
      "
    `);
  });
  test("with a quote or a bracket left open points there", async () => {
    expect(await problems({ "models/bracket.yaml": "tags: [a, b\nsource: c\n", "models/quote.yaml": 'source: "x\n' }))
      .toMatchInlineSnapshot(`
        "
        models/bracket.yaml:2:1 CONFIG_SYNTAX a bracket that was opened above is not closed
          2 | source: c
              ^ close it, or indent this line

        models/quote.yaml:1:10 CONFIG_SYNTAX a quote, a bracket or a \`:\` is missing here
          1 | source: "x
                       ^ close the quote or bracket, or put \`:\` and a space after the key
        "
      `);
  });
  test("with a colon in a plain value says to quote it", async () => {
    expect(await model("description: members: all\n")).toMatchInlineSnapshot(`
      "
      models/users.yaml:1:14 CONFIG_SYNTAX a mapping cannot start on this line
        1 | description: members: all
                         ^ put a value that holds \`: \` in quotes
      "
    `);
  });
  test("with an alias that has no anchor, and one that holds itself", async () => {
    expect(await model("tags: *none\ncolumns: &c\n  a: *c\n")).toMatchInlineSnapshot(`
      "
      models/users.yaml:1:7 CONFIG_SYNTAX no anchor "&none" stands above
        1 | tags: *none
                  ^^^^^ define it, or put the value in quotes

      models/users.yaml:3:6 CONFIG_SYNTAX the alias "*c" holds itself
        3 |   a: *c
                 ^^ write the value out
      "
    `);
  });
  test("with a list as a key is refused", async () => {
    expect(await model("? [a]\n: b\n")).toMatchInlineSnapshot(`
      "
      models/users.yaml:1:3 CONFIG_SYNTAX a key has to be plain text
        1 | ? [a]
              ^^^ put quotes around it when it starts with \`[\`, \`{\` or \`*\`
      "
    `);
  });
  test("with __proto__ as a key is refused and changes no object", async () => {
    expect(await model("columns:\n  __proto__: {polluted: yes}\n")).toMatchInlineSnapshot(`
      "
      models/users.yaml:2:3 CONFIG_SYNTAX this name is not possible as a key
        2 |   __proto__: {polluted: yes}
              ^^^^^^^^^ choose another name
      "
    `);
    expect("polluted" in {}).toBe(false);
  });
  test("in YAML 1.1 is refused, where yes and on are booleans", async () => {
    expect(await model("%YAML 1.1\n---\nsource: yes\n")).toMatchInlineSnapshot(`
      "
      models/users.yaml:1:1 CONFIG_SYNTAX YAML 1.1 reads \`yes\`, \`on\` and \`012\` differently
        1 | %YAML 1.1
            ^^^^^^^^^ take the directive away
      "
    `);
  });
  test("never quotes a value in a message of its own", async () => {
    const text = await problems({ "config.yaml": `${CONFIG}password: "hunter2" "hunter3"\n` });
    expect(text).toContain("CONFIG_SYNTAX");
    expect(text).not.toContain("hunter");
  });
});

describe("A bomb", () => {
  test("S27: of aliases ends after so many values, not when memory does", async () => {
    const levels = Array.from(
      { length: 12 },
      (_, at) => `a${at + 1}: &a${at + 1} [${Array.from({ length: 10 }, () => `*a${at}`).join(", ")}]`,
    );
    expect(await model(`a0: &a0 [x, x, x]\n${levels.join("\n")}\n`)).toContain("the aliases of this file stand for too many values");
  });
  test("of nesting is refused", async () => {
    expect(await model(`tags: ${"[".repeat(60)}${"]".repeat(60)}\n`)).toContain("nested more than 32 levels deep");
    expect(await model(`tags: ${"[".repeat(50_000)}`)).toContain("CONFIG_SYNTAX");
  });
});

test("of a file with thousands of problems the first hundred are told, soon", async () => {
  const text = await model(Array.from({ length: 30_000 }, (_, at) => `key${at}: value\n`).join(""));
  expect(text).toContain("there are more problems than these 100");
  expect(text.match(/^models/gm)).toHaveLength(101);
});

describe("A file that cannot be read as text", () => {
  test("names what it is instead", async () => {
    const files = {
      "models/binary.yaml": Uint8Array.from([0x73, 0xff, 0x00, 0x80]),
      "models/large.yaml": `description: ${"x".repeat(1024 * 1024)}\n`,
      "models/nul.yaml": "source: a\0b\n",
      "models/utf16.yaml": Uint8Array.from([0xff, 0xfe, 0x73, 0x00]),
    };
    expect(await problems(files)).toMatchInlineSnapshot(`
      "
      models/binary.yaml CONFIG_UNREADABLE the file is not UTF-8 text
        save it as UTF-8

      models/large.yaml CONFIG_UNREADABLE the file is larger than 1 MiB
        split it, or name the right file

      models/nul.yaml CONFIG_UNREADABLE the file holds NUL characters
        name a text file

      models/utf16.yaml CONFIG_UNREADABLE the file is UTF-16 text
        save it as UTF-8
      "
    `);
  });
  test("a folder with the name of a model file holds models, and is none", async () => {
    expect(await problems({ "models/deep.yaml/bad name.yaml": "source: x\n" })).toContain("models/deep.yaml/bad name.yaml:1:1");
  });
  test("a SQL file that is missing, a folder or empty is told at the key that names it", async () => {
    const files = {
      "models/a.yaml": "source: warehouse\ndestination: partner\nprimary_key: id\nquery_file: none.sql\n",
      "models/b.yaml": "source: warehouse\ndestination: partner\nprimary_key: id\nquery_file: ../models\n",
      "models/c.yaml": "source: warehouse\ndestination: partner\nprimary_key: id\nquery_file: empty.sql\n",
      "models/empty.sql": "\n",
    };
    expect(await problems(files)).toMatchInlineSnapshot(`
      "
      models/a.yaml:4:13 CONFIG_UNREADABLE models/none.sql: the file does not exist
        4 | query_file: none.sql
                        ^^^^^^^^ a path starts at the file it stands in

      models/b.yaml:4:13 CONFIG_UNREADABLE models: it is a folder, not a file
        4 | query_file: ../models
                        ^^^^^^^^^ name a file

      models/c.yaml:4:13 CONFIG_INVALID models/empty.sql is empty
        4 | query_file: empty.sql
                        ^^^^^^^^^ write the SQL into it
      "
    `);
  });
});
