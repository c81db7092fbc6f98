import { EXIT } from "../core/exit-codes.ts";
import type { CommandSpec } from "./command.ts";

/** Commands that write files of a project. */
export const SCAFFOLDING_COMMANDS: readonly CommandSpec[] = [
  {
    name: "init",
    summary: "scaffold a project: a demo that runs as it stands, or one for your warehouse",
    examples: ["init demo", "init . --template bigquery"],
    arguments: [{ name: "[dir]", description: "folder of the new project (default: here)" }],
    options: [
      { flags: "--template <name>", description: "what the project starts from", choices: ["demo", "bigquery", "snowflake"] },
      { flags: "--next-day", description: "in a demo project: let a day pass in its warehouse (rows join, leave and change)" },
    ],
    exits: [EXIT.usage],
    run: async (bag, [dir], context) => {
      const { initProject, TEMPLATES } = await import("./commands/init.ts");
      const template = TEMPLATES.find((name) => name === bag.text("template")) ?? "demo";
      return await initProject({ dir: dir ?? ".", nextDay: bag.flag("nextDay"), template }, context);
    },
  },
  {
    name: "new",
    summary: "write a model from a table of a source, or from models of a dbt project",
    examples: [
      "new --table customers",
      "new --table crm.contacts --key contact_id --dry-run",
      "new --dbt target/manifest.json --select tag:partner",
    ],
    arguments: [],
    options: [
      { flags: "--table <name>", description: "table or view to make it of; without it, those of the source are listed" },
      { flags: "--source <name>", description: "source that has the table (default: the only one)" },
      { flags: "--destination <name>", description: "where the model is delivered (default: the only one)" },
      {
        flags: "--key <column...>",
        description: "columns that tell rows apart (default: primary key, or a unique index without NULL)",
        kind: "list",
      },
      { flags: "--name <name>", description: "name of the model (default: the table's)" },
      { flags: "--dbt <manifest>", description: "target/manifest.json of a dbt project (default: `dbt.manifest` of config.yaml)" },
      { flags: "--select <what...>", description: "dbt models to make models of: names, or tag:NAME", kind: "list" },
      { flags: "--offline", description: "with dbt: ask no warehouse, take the columns that dbt documents" },
      { flags: "--out <file>", description: "file or folder to write to (default: the models folder)" },
      { flags: "--dry-run", description: "print the model and write nothing" },
      { flags: "--force", description: "write over a model file that is there" },
    ],
    exits: [EXIT.usage, EXIT.source, 130],
    run: async (bag, _args, context) => {
      const { newModels } = await import("./commands/new.ts");
      const texts = {
        table: bag.text("table"),
        source: bag.text("source"),
        destination: bag.text("destination"),
        name: bag.text("name"),
        dbt: bag.text("dbt"),
        out: bag.text("out"),
      };
      const flags = { offline: bag.flag("offline"), dryRun: bag.flag("dryRun"), force: bag.flag("force") };
      return await newModels({ ...texts, ...flags, key: bag.list("key"), select: bag.list("select") }, context);
    },
  },
];
