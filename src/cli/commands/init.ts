import { cp, mkdir, readdir } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { SyncError } from "../../core/errors.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { fileExists, makeDemoWarehouse, passDemoDay } from "../demo-warehouse.ts";

const DATABASE = "demo/warehouse.duckdb";

/** What a project can start from: the demo, which runs as it stands, or a warehouse whose connection is to be filled in. */
export const TEMPLATES = ["demo", "bigquery", "snowflake"] as const;
export type Template = (typeof TEMPLATES)[number];

/** Scaffolds a project; with `nextDay`, changes the warehouse of a demo project that was scaffolded before. */
export async function initProject(
  options: { readonly dir: string; readonly nextDay: boolean; readonly template: Template },
  context: CommandContext,
): Promise<CommandOutcome> {
  const root = resolve(context.host.cwd, options.dir);
  return options.nextDay ? await passDay(root, options.dir, context) : await scaffold(root, options.dir, options.template, context);
}

async function scaffold(root: string, dir: string, template: Template, { host, signal, paint }: CommandContext): Promise<CommandOutcome> {
  if (await fileExists(join(root, "config.yaml"))) {
    throw new SyncError("PROJECT_EXISTS", `${join(dir, "config.yaml")} is there already.`, {
      hint: "Name another folder: `sync init my-project`.",
    });
  }
  const written: string[] = [];
  const kept: string[] = [];
  for (const [from, to] of await templateFiles(host.packageRoot, template)) {
    const target = join(root, to);
    if (await fileExists(target)) {
      kept.push(to);
      continue;
    }
    await mkdir(dirname(target), { recursive: true });
    await cp(join(host.packageRoot, from), target, { errorOnExist: true, force: false });
    written.push(to);
  }
  if (template === "demo" && (await fileExists(join(root, DATABASE)))) kept.push(DATABASE);
  else if (template === "demo") {
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
    ...(template === "demo"
      ? []
      : ["  fill in config.yaml and .env (see .env.example), and the query in models/users.yaml", `  ${host.name} doctor`]),
    `  ${host.name} plan --all`,
    `  ${host.name} run --all`,
  ];
  return { data: { root, written, kept }, text: lines.join("\n") };
}

type Copied = readonly [from: string, to: string];

async function templateFiles(packageRoot: string, template: Template): Promise<readonly Copied[]> {
  return template === "demo" ? [...(await demoFiles(packageRoot)), ...SCHEMAS] : [...warehouseFiles(template), ...SCHEMAS];
}

const SCHEMAS: readonly Copied[] = [
  ["schema/config.schema.json", "schema/config.schema.json"],
  ["schema/model.schema.json", "schema/model.schema.json"],
];

async function demoFiles(packageRoot: string): Promise<readonly Copied[]> {
  const models = (await readdir(join(packageRoot, "models"))).filter((name) => /\.(?:yaml|sql)$/.test(name)).toSorted();
  return [
    ["config.example.yaml", "config.yaml"],
    ...models.map((name): Copied => [`models/${name}`, `models/${name}`]),
    ["demo/warehouse.sql", "demo/warehouse.sql"],
    ["demo/changes.sql", "demo/changes.sql"],
    // Without their dots in the package, because npm would read them as its own.
    ["demo/project/gitignore", ".gitignore"],
    ["demo/project/env.example", ".env.example"],
    ["demo/project/README.md", "README.md"],
  ];
}

function warehouseFiles(template: Template): readonly Copied[] {
  return [
    [`templates/${template}/config.yaml`, "config.yaml"],
    [`templates/${template}/models/users.yaml`, "models/users.yaml"],
    [`templates/${template}/env.example`, ".env.example"],
    ["demo/project/gitignore", ".gitignore"],
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
