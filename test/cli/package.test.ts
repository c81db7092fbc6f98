import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { execute } from "../support/execute.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

test("the package holds what init and schema read, and no database", async () => {
  const { stdout } = await execute("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: ROOT });
  const packed = JSON.parse(stdout) as readonly { readonly files: readonly { readonly path: string }[] }[];
  const paths = packed.flatMap((one) => one.files.map((file) => file.path));
  expect(paths).toEqual(
    expect.arrayContaining([
      "config.example.yaml",
      "models/audiences.yaml",
      "models/customers.yaml",
      "demo/warehouse.sql",
      "demo/changes.sql",
      "demo/project/gitignore",
      "demo/project/env.example",
      "demo/project/README.md",
      "templates/bigquery/config.yaml",
      "templates/bigquery/env.example",
      "templates/bigquery/models/users.yaml",
      "templates/snowflake/config.yaml",
      "templates/snowflake/env.example",
      "templates/snowflake/models/users.yaml",
      "schema/config.schema.json",
      "schema/model.schema.json",
      "schema/manifest.schema.json",
      "dist/cli/main.js",
    ]),
  );
  expect(paths.filter((path) => path.endsWith(".duckdb") || path.endsWith(".ts"))).toEqual([]);
});
