import { entry, type ErrorCodeEntry } from "./error-code-entry.ts";
import { EXIT } from "./exit-codes.ts";

/** Codes of what dbt wrote, alphabetical; part of ERROR_CODES. */
export const DBT_CODES = {
  DBT_MANIFEST_UNREADABLE: entry(
    EXIT.usage,
    "The manifest that dbt writes (target/manifest.json) is missing, is none, or comes from a dbt older than 1.5.",
    "Run `dbt parse` in the dbt project, and let `dbt.manifest` of config.yaml, or `--dbt`, name its target/manifest.json.",
  ),
  DBT_MODEL_UNKNOWN: entry(
    EXIT.usage,
    "The manifest knows no dbt model of that name or tag, knows several, or dbt has it switched off.",
    "Take one of the names that the message shows, with its package where there are several; run `dbt parse` when the model is new.",
  ),
  DBT_MODEL_WITHOUT_TABLE: entry(
    EXIT.usage,
    "The dbt model is ephemeral or not materialized by dbt, so there is nothing to query.",
    "Materialize it in dbt as a table, a view or an incremental model, or name a model that is.",
  ),
} as const satisfies Record<string, ErrorCodeEntry>;
