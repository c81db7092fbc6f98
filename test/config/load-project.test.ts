import { expect, test } from "vitest";
import { DEFAULT_RETENTION } from "../../src/core/retention.ts";
import { PLAIN_CSV } from "../support/plain-csv.ts";
import { CONFIG, load, MODEL } from "./temp-project.ts";

test("a project compiles to streams with every default filled in and every path absolute", async () => {
  const { project, warnings } = await load({});
  expect(warnings).toEqual([]);
  expect(project).toMatchObject({
    root: "<root>",
    configFile: "<root>/config.yaml",
    state: { type: "folder", path: "<root>/.sync" },
    engine: { memoryLimit: "1GB", threads: 2, tempDirectory: "<root>/.sync/tmp", maxTempSize: "50GB" },
  });
  expect(project.destinations).toEqual([{ name: "partner", type: "local", options: { type: "local", path: "<root>/out" } }]);
  expect(project.streams).toEqual([
    {
      name: "users",
      model: "users",
      delivery: null,
      description: "",
      tags: [],
      enabled: true,
      file: "models/users.yaml",
      source: { name: "warehouse", type: "duckdb", options: { type: "duckdb" } },
      destination: { name: "partner", type: "local", options: { type: "local", path: "<root>/out" } },
      query: { kind: "sql", sql: "SELECT 1 AS id", file: "models/users.yaml", line: 3 },
      primaryKey: ["id"],
      mode: "delta",
      changes: ["added", "changed", "removed"],
      firstRun: "full",
      guards: {
        maxRemoved: { percent: 20 },
        maxChanged: { percent: 50 },
        maxAdded: null,
        minRows: 1,
        aboveRows: 100,
        per: [],
        held: "supersede",
      },
      onSchemaChange: "hold",
      alerts: [],
      ignoreChangesIn: [],
      columns: null,
      fileFormat: PLAIN_CSV,
      manifest: true,
      retention: DEFAULT_RETENTION,
    },
  ]);
});

test("columns keep the order of the file, also those whose names are numbers, and blank ones are dropped", async () => {
  const columns = `columns:
  Z: z
  10: ten
  2: {from: two}
  Dropped:
  Partner: {value: 0012}
  Price: {value: 1.10}
  Yes: {value: true}
  Name: {template: "{{{first}}} {last name}"}
  Action: _change
  Run: {from: _run_id}
  id: id
`;
  const { project } = await load({ "models/users.yaml": MODEL + columns });
  expect(project.streams[0]?.columns).toEqual([
    { name: "Z", value: { from: "column", column: "z" } },
    { name: "10", value: { from: "column", column: "ten" } },
    { name: "2", value: { from: "column", column: "two" } },
    { name: "Partner", value: { from: "value", text: "0012" } },
    { name: "Price", value: { from: "value", text: "1.10" } },
    { name: "Yes", value: { from: "value", text: "true" } },
    { name: "Name", value: { from: "template", parts: [{ text: "{" }, { column: "first" }, { text: "} " }, { column: "last name" }] } },
    { name: "Action", value: { from: "metadata", field: "_change" } },
    { name: "Run", value: { from: "metadata", field: "_run_id" } },
    { name: "id", value: { from: "column", column: "id" } },
  ]);
});

test("an audience model delivers added and removed, keyed by entity and audience", async () => {
  const audiences = `source: warehouse
destination: partner
audiences:
  entity: {query_file: sql/users.sql, key: [org, id]}
  members:
    vip: ltv >= 1000
    1: a = '\${A:-b}'
columns: {id: id, org: org, Audience: _audience, In: _member}
`;
  const { project, warnings } = await load({
    "models/users.yaml": audiences,
    "models/sql/users.sql": "\uFEFFSELECT *\nFROM ${SCHEMA}.users -- $${SCHEMA}\n",
    ".env": "SCHEMA=crm\n",
  });
  expect(warnings).toEqual([]);
  expect(project.streams[0]).toMatchObject({
    primaryKey: ["org", "id", "_audience"],
    changes: ["added", "removed"],
    query: {
      kind: "audiences",
      entitySql: "SELECT *\nFROM crm.users -- $${SCHEMA}\n",
      entityKey: ["org", "id"],
      members: [
        { name: "vip", condition: "ltv >= 1000" },
        { name: "1", condition: "a = '${A:-b}'" },
      ],
      file: "models/sql/users.sql",
      line: 1,
    },
    columns: [
      { name: "id" },
      { name: "org" },
      { name: "Audience", value: { from: "column", column: "_audience" } },
      { name: "In", value: { from: "metadata", field: "_member" } },
    ],
  });
});

test("a number or a boolean may come from a variable, in quotes or not, also inside braces; text stays text", async () => {
  const config = `version: \${VERSION}
state: \${STATE:-state}
engine: {threads: \${THREADS}, memory_limit: "\${MEMORY}"}
sources: {warehouse: {type: duckdb, path: \${NUMBER}}}
destinations: {partner: {type: local, path: "$$\${DIR:-a b}", enabled: \${ON}}}
`;
  const env = { VERSION: "1", THREADS: "4", MEMORY: "2GB", NUMBER: "007", ON: "false", EMPTY: "" };
  const { project } = await load({ "config.yaml": config }, env);
  expect(project).toMatchObject({
    state: { path: "<root>/state" },
    engine: { threads: 4, memoryLimit: "2GB" },
    sources: [{ options: { path: "<root>/007" } }],
    destinations: [{ options: { path: "<root>/$a b" } }],
    streams: [{ enabled: false, disabledBy: "destination" }],
  });
});

test("S30: the environment wins over .env, and what a variable holds is not looked at again", async () => {
  const model = MODEL.replace("SELECT 1 AS id", "SELECT '${A}' AS id, '${B}' AS b") + "description: ${B}\n";
  const { project } = await load({ "models/users.yaml": model, ".env": "A=file\nB='${A}'\n" }, { A: "environment" });
  expect(project.streams[0]).toMatchObject({ description: "${A}", query: { sql: "SELECT 'environment' AS id, '${A}' AS b" } });
});

test("the line of a query is where its SQL begins", async () => {
  const { project } = await load({ "models/users.yaml": MODEL.replace("SELECT 1 AS id", "|\n  SELECT 1\n  AS id") });
  expect(project.streams[0]?.query).toEqual({ kind: "sql", sql: "SELECT 1\nAS id\n", file: "models/users.yaml", line: 4 });
});

test("model files are found in folders below, with both endings, but not where a dot begins the name", async () => {
  const files = {
    "models/crm/orders.yml": MODEL,
    "models/.hidden.yaml": "nonsense",
    "models/..data/users.yaml": "nonsense",
    "models/readme.md": "nonsense",
  };
  const { project } = await load(files);
  expect(project.streams.map(({ name, file }) => [name, file])).toEqual([
    ["orders", "models/crm/orders.yml"],
    ["users", "models/users.yaml"],
  ]);
});

test("a file may begin with a byte order mark, end its lines with CR LF and repeat a value with an alias", async () => {
  const model = `\uFEFF${MODEL}tags: &t [a]\nignore_changes_in: *t\n`.replaceAll("\n", "\r\n");
  const { project } = await load({ "models/users.yaml": model });
  expect(project.streams[0]).toMatchObject({ tags: ["a"], ignoreChangesIn: ["a"], primaryKey: ["id"] });
});

test("secrets become absolute files, commands run in the project's folder, and text that never shows", async () => {
  const config = `version: 1
sources:
  warehouse:
    type: postgres
    host: h
    password: {file: secrets/pw}
    ssl: {ca: certs/ca.pem}
  other: {type: postgres, url: {command: [./secret.sh, a]}}
  third: {type: postgres, url: "postgres://u:hunter2@h/db"}
destinations:
  partner: {type: local, path: out}
`;
  const { project } = await load({ "config.yaml": config });
  expect(project.sources).toMatchObject([
    { options: { password: { file: "<root>/secrets/pw" }, ssl: { ca: { file: "<root>/certs/ca.pem" } } } },
    { options: { url: { command: ["./secret.sh", "a"], cwd: "<root>" } } },
    { options: { url: "[redacted]" } },
  ]);
});

test("a tag of an object may be called like a place of a secret", async () => {
  const s3 =
    "  s3: {type: s3, bucket: acme-partner, region: eu-central-1, object_tags: {file: growth}, credentials: {access_key_id: {file: id}, secret_access_key: x}}\n";
  const { project } = await load({ "config.yaml": CONFIG + s3 });
  expect(project.destinations[1]?.options).toMatchObject({
    object_tags: { file: "growth" },
    credentials: { access_key_id: { file: "<root>/id" }, secret_access_key: "[redacted]" },
  });
});

test("what is allowed but hardly meant is a warning of one line", async () => {
  const files = {
    "config.yaml": `${CONFIG}  unused: {type: local, path: b}\n`,
    "models/users.yaml": `${MODEL}tags: [a, a]\ncolumns: {Name: name, NAME: name, C: _change}\nignore_changes_in: [C]\n`,
  };
  expect((await load(files)).warnings).toMatchInlineSnapshot(`
    [
      "config.yaml:6:3 no model uses destination "unused"",
      "models/users.yaml:5:11 "a" stands in tags twice",
      "models/users.yaml:6:1 no output column holds the key column id (whoever reads the files cannot tell which row changed)",
      "models/users.yaml:6:23 the columns "Name" and "NAME" differ only by case (many readers take them for one)",
      "models/users.yaml:7:21 "C" is a fact of the run and never compared (it need not stand here)",
    ]
  `);
});

test("a project without models loads with a warning", async () => {
  const { project, warnings } = await load({ "config.yaml": `${CONFIG}models: none\n`, "none/readme.md": "" });
  expect(project.streams).toEqual([]);
  expect(warnings).toEqual(["config.yaml:6:9 there are no model files in none (add one: <name>.yaml)"]);
});
