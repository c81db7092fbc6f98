import { z } from "zod";

/** Options of `type: duckdb` as users write them. */
export const duckdbOptionsSchema = z.strictObject({
  type: z.literal("duckdb"),
  path: z
    .string()
    .min(1)
    .describe(
      "Database file, opened read-only. Without it models read files: `SELECT … FROM read_csv('users.csv')`. A relative path starts at config.yaml. Example: `warehouse.duckdb`.",
    )
    .optional(),
});

/** Validated options of a DuckDB source; the path is absolute once the configuration is compiled. */
export type DuckdbOptions = z.output<typeof duckdbOptionsSchema>;
