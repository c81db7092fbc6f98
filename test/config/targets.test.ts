import { expect, test } from "vitest";
import { checkProject } from "../../src/config/check-project.ts";
import { ConfigError } from "../../src/config/config-error.ts";
import { loadProject } from "../../src/config/load-project.ts";
import { renderIssues } from "../../src/config/render-issues.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { MODEL } from "./temp-project.ts";

const signal = new AbortController().signal;

const CONFIG = `version: 1
state: state/prod
engine: {memory_limit: 2GB, threads: 4}
sources:
  warehouse: {type: postgres, host: db.internal, database: prod, user: sync}
destinations:
  partner: {type: s3, bucket: acme, region: eu-central-1, prefix: in}
targets:
  dev:
    state: state/dev
    engine: {threads: 1}
    sources: {warehouse: {database: dev}}
    destinations: {partner: {type: local, path: out}}
`;

async function read(config: string, target: string | null, load = loadProject) {
  await using folder = await tempFolder();
  await folder.write("config.yaml", config);
  await folder.write("models/users.yaml", MODEL);
  const loaded = await load({ configFile: "config.yaml", env: {}, cwd: folder.path, target, signal });
  return JSON.parse(JSON.stringify(loaded).replaceAll(folder.path, "<root>")) as typeof loaded;
}

async function problems(config: string, target: string | null, load = loadProject): Promise<string> {
  const error: unknown = await read(config, target, load).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConfigError)) throw new Error("the configuration was not refused");
  return `\n${renderIssues(error.issues)}\n`;
}

test("a target is laid over the rest key by key, and its places replace the ones below whole", async () => {
  const { project } = await read(CONFIG, "dev");
  expect(project.state).toEqual({ type: "folder", path: "<root>/state/dev" });
  expect(project.engine).toMatchObject({ memoryLimit: "2GB", threads: 1 });
  expect(project.sources[0]?.options).toMatchObject({ host: "db.internal", database: "dev", user: "sync" });
  expect(project.destinations[0]).toEqual({ name: "partner", type: "local", options: { type: "local", path: "<root>/out" } });
  expect(project.streams[0]?.destination.type).toBe("local");
});

test("without a target nothing of any is looked at", async () => {
  const { project, targets } = await read(CONFIG, null);
  expect(targets).toEqual(["dev"]);
  expect(project.state).toEqual({ type: "folder", path: "<root>/state/prod" });
  expect(project.destinations[0]?.type).toBe("s3");
});

test("an unknown target is refused by name", async () => {
  expect(await problems(CONFIG, "dve")).toMatchInlineSnapshot(`
    "
    config.yaml:8:1 CONFIG_UNKNOWN_NAME there is no target "dve"
      8 | targets:
          ^^^^^^^ did you mean "dev"?
    "
  `);
  expect(await problems(CONFIG.replace(/targets:[^]*/, ""), "dev")).toMatchInlineSnapshot(`
    "
    config.yaml:1:1 CONFIG_UNKNOWN_NAME there is no target "dev"
      1 | version: 1
          ^^^^^^^^^^ add it below \`targets\` in config.yaml
    "
  `);
});

test("what is wrong below a target is shown at its own line, whether it is chosen or not", async () => {
  const wrong = CONFIG.replace("threads: 1}", "thraeds: 1}").replace("path: out", "pth: out");
  expect(await problems(wrong, null)).toMatchInlineSnapshot(`
    "
    config.yaml:11:14 CONFIG_UNKNOWN_KEY targets.dev.engine: there is no key "thraeds"
      11 |     engine: {thraeds: 1}
                        ^^^^^^^ did you mean "threads"?

    config.yaml:13:20 CONFIG_INVALID "path" is missing
      13 |     destinations: {partner: {type: local, pth: out}}
                              ^^^^^^^ add the key; it has to be text

    config.yaml:13:43 CONFIG_UNKNOWN_KEY targets.dev.destinations.partner: there is no key "pth"
      13 |     destinations: {partner: {type: local, pth: out}}
                                                     ^^^ did you mean "path"?
    "
  `);
  expect(await problems(wrong, "dev")).toMatchInlineSnapshot(`
    "
    config.yaml:11:14 CONFIG_UNKNOWN_KEY engine: there is no key "thraeds"
      11 |     engine: {thraeds: 1}
                        ^^^^^^^ did you mean "threads"?

    config.yaml:13:20 CONFIG_INVALID "path" is missing
      13 |     destinations: {partner: {type: local, pth: out}}
                              ^^^^^^^ add the key; it has to be text

    config.yaml:13:43 CONFIG_UNKNOWN_KEY destinations.partner: there is no key "pth"
      13 |     destinations: {partner: {type: local, pth: out}}
                                                     ^^^ did you mean "path"?
    "
  `);
});

test("what only comes out when a target is laid over the rest is found by a check of all", async () => {
  const clash = CONFIG.replace("path: out", "path: state/dev/files");
  await read(clash, null);
  expect(await problems(clash, null, checkProject)).toMatchInlineSnapshot(`
    "
    config.yaml:13:49 CONFIG_INVALID the folder lies in the state folder
      13 |     destinations: {partner: {type: local, path: state/dev/files}}
                                                           ^^^^^^^^^^^^^^^ choose one beside it
    "
  `);
});
