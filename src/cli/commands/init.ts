import { cp, mkdir, readdir } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { SyncError } from "../../core/errors.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { fileExists, makeDemoWarehouse, passDemoDay } from "../demo-warehouse.ts";

const DATABASE = "demo/warehouse.duckdb";

/** Scaffolds a project that runs as it stands; with `nextDay`, changes the warehouse of one that was scaffolded before. */
export async function initProject(
  options: { readonly dir: string; readonly nextDay: boolean },
  context: CommandContext,
): Promise<CommandOutcome> {
  const root = resolve(context.host.cwd, options.dir);
  return options.nextDay ? await passDay(root, options.dir, context) : await scaffold(root, options.dir, context);
}

async function scaffold(root: string, dir: string, { host, signal, paint }: CommandContext): Promise<CommandOutcome> {
  if (await fileExists(join(root, "config.yaml"))) {
    throw new SyncError("PROJECT_EXISTS", `${join(dir, "config.yaml")} is there already.`, {
      hint: "Name another folder: `sync init my-project`.",
    });
  }
  const written: string[] = [];
  const kept: string[] = [];
  for (const [from, to] of await templateFiles(host.packageRoot)) {
    const target = join(root, to);
    if (await fileExists(target)) {
      kept.push(to);
      continue;
    }
    await mkdir(dirname(target), { recursive: true });
    await cp(join(host.packageRoot, from), target, { errorOnExist: true, force: false });
    written.push(to);
  }
  if (await fileExists(join(root, DATABASE))) kept.push(DATABASE);
  else {
    await makeDemoWarehouse(join(root, "demo/warehouse.sql"), join(root, DATABASE), signal);
    written.push(DATABASE);
  }
  const shown = relative(host.cwd, root);
  const lines = [
    ...written.map((path) => `  ${paint.added("+")} ${path}`),
    ...kept.map((path) => `  = ${path}  (was there, kept)`),
    "",
    "Next:",
    ...(shown === "" ? [] : [`  cd ${shown}`]),
    `  ${host.name} plan --all`,
    `  ${host.name} run --all`,
  ];
  return { data: { root, written, kept }, text: lines.join("\n") };
}

async function templateFiles(packageRoot: string): Promise<readonly (readonly [string, string])[]> {
  const models = (await readdir(join(packageRoot, "models"))).filter((name) => /\.(?:yaml|sql)$/.test(name)).toSorted();
  return [
    ["config.example.yaml", "config.yaml"],
    ...models.map((name) => [`models/${name}`, `models/${name}`] as const),
    ["demo/warehouse.sql", "demo/warehouse.sql"],
    ["demo/changes.sql", "demo/changes.sql"],
    ["schema/config.schema.json", "schema/config.schema.json"],
    ["schema/model.schema.json", "schema/model.schema.json"],
    // Without their dots in the package, because npm would read them as its own.
    ["demo/project/gitignore", ".gitignore"],
    ["demo/project/env.example", ".env.example"],
    ["demo/project/README.md", "README.md"],
  ];
}

async function passDay(root: string, dir: string, { host, signal }: CommandContext): Promise<CommandOutcome> {
  const database = join(root, DATABASE);
  if (!(await fileExists(database))) {
    throw new SyncError("USAGE", `There is no demo warehouse in ${dir}.`, { hint: "Make a demo project first: `sync init demo`." });
  }
  const passed = await passDemoDay(join(host.packageRoot, "demo/changes.sql"), database, signal);
  const text = passed
    ? `A day has passed in ${join(dir, DATABASE)}: customers joined, left and changed.\nNext:\n  ${host.name} plan --all`
    : "That day has passed already: the demo knows one.";
  return { data: { root, database, passed }, text };
}
