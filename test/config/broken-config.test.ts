import { expect, test } from "vitest";
import { ConfigError } from "../../src/config/config-error.ts";
import { loadProject } from "../../src/config/load-project.ts";
import { renderIssues } from "../../src/config/render-issues.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { CONFIG, MODEL, problems } from "./temp-project.ts";

const config = async (text: string, env: Readonly<Record<string, string>> = {}): Promise<string> => problems({ "config.yaml": text }, env);

test("every problem of config.yaml is told at once, each with its line and the nearest name", async () => {
  const text = `version: 2
modls: models
engine: {memory_limit: lots, threads: two, temp: x}
sources:
  warehouse: {type: duckdb, pth: x}
  pg: {type: postgresql}
  none: {}
  word: hello
  1st: {type: duckdb}
destinations:
  partner: {type: local}
  s3: {type: s3, bucket: "s3://foo/bar", region: eu-central-1, concurrency: {objects: 0}}
`;
  expect(await config(text)).toMatchInlineSnapshot(`
    "
    config.yaml:1:10 CONFIG_INVALID version has to be 1
      1 | version: 2
                   ^

    config.yaml:2:1 CONFIG_UNKNOWN_KEY there is no key "modls"
      2 | modls: models
          ^^^^^ did you mean "models"?

    config.yaml:3:24 CONFIG_INVALID memory_limit is not valid
      3 | engine: {memory_limit: lots, threads: two, temp: x}
                                 ^^^^ write a size such as 512MB or 2GB

    config.yaml:3:39 CONFIG_INVALID threads has to be a number, not text
      3 | engine: {memory_limit: lots, threads: two, temp: x}
                                                ^^^

    config.yaml:3:44 CONFIG_UNKNOWN_KEY engine: there is no key "temp"
      3 | engine: {memory_limit: lots, threads: two, temp: x}
                                                     ^^^^ known: memory_limit, threads, temp_directory, max_temp_size

    config.yaml:5:29 CONFIG_UNKNOWN_KEY sources.warehouse: there is no key "pth"
      5 |   warehouse: {type: duckdb, pth: x}
                                      ^^^ did you mean "path"?

    config.yaml:6:14 CONFIG_INVALID type has to be one of duckdb, postgres, bigquery, snowflake
      6 |   pg: {type: postgresql}
                       ^^^^^^^^^^ did you mean "postgres"?

    config.yaml:7:3 CONFIG_INVALID "type" is missing
      7 |   none: {}
            ^^^^ add type: duckdb | postgres | bigquery | snowflake

    config.yaml:8:9 CONFIG_INVALID word has to be keys with values, not text
      8 |   word: hello
                  ^^^^^

    config.yaml:9:3 CONFIG_INVALID "1st" is not possible here
      9 |   1st: {type: duckdb}
            ^^^ a name starts with a letter; letters, digits, \`_\` and \`-\` follow

    config.yaml:11:3 CONFIG_INVALID "path" is missing
      11 |   partner: {type: local}
             ^^^^^^^ add the key; it has to be text

    config.yaml:12:26 CONFIG_INVALID bucket is not valid
      12 |   s3: {type: s3, bucket: "s3://foo/bar", region: eu-central-1, concurrency: {objects: 0}}
                                    ^^^^^^^^^^^^^^ give the bucket's name, not a URI: write bucket: foo and prefix: bar

    config.yaml:12:87 CONFIG_INVALID objects is not valid
      12 |   s3: {type: s3, bucket: "s3://foo/bar", region: eu-central-1, concurrency: {objects: 0}}
                                                                                                 ^ at least 1
    "
  `);
});

/** How many keys there are is no matter of these tests. */
const anyNumber = (text: string): string => text.replaceAll(/and \d+ more/gu, "and N more");

test("a model's mistakes are told together with those of config.yaml", async () => {
  const files = { "config.yaml": `${CONFIG}nonsense: 1\n`, "models/users.yaml": `${MODEL}nonsense: 1\n` };
  expect(anyNumber(await problems(files))).toMatchInlineSnapshot(`
    "
    config.yaml:6:1 CONFIG_UNKNOWN_KEY there is no key "nonsense"
      6 | nonsense: 1
          ^^^^^^^^ known: version, state, models, engine, sources, destinations, defaults, retention, and N more

    models/users.yaml:5:1 CONFIG_UNKNOWN_KEY there is no key "nonsense"
      5 | nonsense: 1
          ^^^^^^^^ known: description, tags, source, query, query_file, table, audiences, where, and N more
    "
  `);
});

test("a config.yaml that is no YAML still lets the mistakes of models be told", async () => {
  const files = { "config.yaml": "version: [1\n", "models/users.yaml": `${MODEL}nonsense: 1\n` };
  expect(anyNumber(await problems(files))).toMatchInlineSnapshot(`
    "
    config.yaml:1:11 CONFIG_SYNTAX a bracket that was opened above is not closed
      1 | version: [1
                    ^ close it, or indent this line

    models/users.yaml:5:1 CONFIG_UNKNOWN_KEY there is no key "nonsense"
      5 | nonsense: 1
          ^^^^^^^^ known: description, tags, source, query, query_file, table, audiences, where, and N more
    "
  `);
});

test("variables that are not set, empty or badly written are pointed at where they stand", async () => {
  const text = `version: 1
state: \${STATE_DIR}
models: \${MODELS:?where are the models}
engine: {temp_directory: "\${HOME}/tmp/\${TMP_NAM}", max_temp_size: \${1SIZE}}
sources: {w: {type: duckdb, path: "a\${b"}}
`;
  expect(await config(text, { HOME: "/home/x", TMP_NAME: "y", MODELS: "" })).toMatchInlineSnapshot(`
    "
    config.yaml:2:8 CONFIG_VARIABLE_UNSET the variable STATE_DIR is not set
      2 | state: \${STATE_DIR}
                 ^^^^^^^^^^^^ set STATE_DIR in the environment or in .env

    config.yaml:3:9 CONFIG_VARIABLE_UNSET the variable MODELS is empty: where are the models
      3 | models: \${MODELS:?where are the models}
                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ set MODELS in the environment or in .env

    config.yaml:4:39 CONFIG_VARIABLE_UNSET the variable TMP_NAM is not set
      4 | engine: {temp_directory: "\${HOME}/tmp/\${TMP_NAM}", max_temp_size: \${1SIZE}}
                                                ^^^^^^^^^^ did you mean "TMP_NAME"?

    config.yaml:4:67 CONFIG_INVALID a variable is written \${NAME}, \${NAME:-default} or \${NAME:?message}
      4 | engine: {temp_directory: "\${HOME}/tmp/\${TMP_NAM}", max_temp_size: \${1SIZE}}
                                                                            ^^^^^^^^ write \`$$\` for a plain \`$\`

    config.yaml:4:67 CONFIG_INVALID max_temp_size is not valid
      4 | engine: {temp_directory: "\${HOME}/tmp/\${TMP_NAM}", max_temp_size: \${1SIZE}}
                                                                            ^^^^^^^^ write a size such as 512MB or 2GB

    config.yaml:5:37 CONFIG_INVALID a variable is written \${NAME}, \${NAME:-default} or \${NAME:?message}
      5 | sources: {w: {type: duckdb, path: "a\${b"}}
                                              ^^ write \`$$\` for a plain \`$\`

    models/users.yaml:1:9 CONFIG_UNKNOWN_NAME there is no source "warehouse"
      1 | source: warehouse
                  ^^^^^^^^^ known: w

    models/users.yaml:2:14 CONFIG_UNKNOWN_NAME there is no destination "partner"
      2 | destination: partner
                       ^^^^^^^ add it below destinations in config.yaml
    "
  `);
});

test("a secret that stands in the file is never shown, wherever the mistake on its line is", async () => {
  const text = `version: 1
sources:
  a: {type: postgres, pasword: hunter2, host: h}
  b: {type: postgres, password: hunter2, hots: h}
  c:
    type: postgres
    url: postgres://u:hunter2@h/db?sslmode=nope
  d:
    type: postgres
    host: h
    password: |
      hunter2 \${NOT_SET}
`;
  const shown = await config(text);
  expect(shown).not.toContain("hunter2");
  expect(shown).toMatchInlineSnapshot(`
    "
    config.yaml:3:23 CONFIG_UNKNOWN_KEY sources.a: there is no key "pasword"
      3 |   a: {type: postgres, pasword: [hidden], host: h}
                                ^^^^^^^ did you mean "password"?

    config.yaml:4:43 CONFIG_UNKNOWN_KEY sources.b: there is no key "hots"
      4 |   b: {type: postgres, password: [hidden], hots: h}
                                                    ^^^^ did you mean "host"?

    config.yaml:7:10 CONFIG_INVALID url is not valid
      7 |     url: [hidden]
                   ^^^^^^^^ has an unknown sslmode; known are disable, prefer, require, verify-ca, verify-full

    config.yaml:12:1 CONFIG_VARIABLE_UNSET the variable NOT_SET is not set
      12 | [hidden]
           ^^^^^^^^ set NOT_SET in the environment or in .env

    models/users.yaml:1:9 CONFIG_UNKNOWN_NAME there is no source "warehouse"
      1 | source: warehouse
                  ^^^^^^^^^ known: a, b, c, d

    models/users.yaml:2:14 CONFIG_UNKNOWN_NAME there is no destination "partner"
      2 | destination: partner
                       ^^^^^^^ add it below destinations in config.yaml
    "
  `);
});

test("S29: names that every object inherits are names like others", async () => {
  const text = `version: 1
sources: {constructor: {type: nope}, toString: {type: duckdb}}
destinations: {valueOf: 1, hasOwnProperty: {type: local, path: out}}
`;
  const shown = await problems({ "config.yaml": text, "models/users.yaml": `${MODEL}constructor: 1\n` });
  expect(shown).toContain("config.yaml:2:31 CONFIG_INVALID type has to be one of");
  expect(shown).toContain("config.yaml:3:25 CONFIG_INVALID valueOf has to be keys with values");
  expect(shown).toContain('there is no source "warehouse"');
});

test("a local destination may not lie in the state folder", async () => {
  const text = CONFIG.replace("path: out", "path: .sync/out");
  expect(await config(text)).toMatchInlineSnapshot(`
    "
    config.yaml:5:32 CONFIG_INVALID the folder lies in the state folder
      5 |   partner: {type: local, path: .sync/out}
                                         ^^^^^^^^^ choose one beside it
    "
  `);
});

test("a models folder that is not there is told at its key, or at the file when it is the default", async () => {
  expect(await config(`${CONFIG}models: modells\n`)).toMatchInlineSnapshot(`
    "
    config.yaml:6:9 CONFIG_UNREADABLE the folder of models, modells, does not exist
      6 | models: modells
                  ^^^^^^^ create it, or name another with \`models\`
    "
  `);
});

test("a config file that does not exist says how to name one", async () => {
  await using folder = await tempFolder();
  const failed = loadProject({ configFile: "none.yaml", env: {}, cwd: folder.path, signal: new AbortController().signal });
  const error = await failed.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  expect(error).toMatchObject({ code: "CONFIG_INVALID", message: "1 problem in none.yaml" });
  expect(error instanceof ConfigError && renderIssues(error.issues)).toMatchInlineSnapshot(`
    "none.yaml CONFIG_UNREADABLE the file does not exist
      name it with -c FILE or SYNC_CONFIG, or make a project with \`sync init\`"
  `);
});

test("a .env that is no text is a problem of its own", async () => {
  expect(await problems({ ".env": Uint8Array.from([0xff, 0xfe, 0x00]) })).toMatchInlineSnapshot(`
    "
    .env CONFIG_UNREADABLE the file is UTF-16 text
      save it as UTF-8
    "
  `);
});

test("an aborted signal stops the loading with its reason", async () => {
  await using folder = await tempFolder();
  await folder.write("config.yaml", CONFIG);
  const signal = AbortSignal.abort(new Error("stop"));
  await expect(loadProject({ configFile: "config.yaml", env: {}, cwd: folder.path, signal })).rejects.toThrow("stop");
});
