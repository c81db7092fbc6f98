import { z } from "zod";
import { modelSchema } from "./model-schema.ts";

const { mode, changes, first_run: firstRun, guards, on_schema_change: onSchemaChange, alerts, schedule, file } = modelSchema.shape;

/** Keys of a model that can be given for several at once; a model's own keys win, key by key. */
export const defaultsSchema = z.strictObject({
  mode: mode.optional().describe("As in a model."),
  changes: changes.describe("As in a model."),
  first_run: firstRun.optional().describe("As in a model."),
  guards: guards.optional().describe("As in a model."),
  on_schema_change: onSchemaChange.optional().describe("As in a model."),
  alerts: alerts.optional().describe("As in a model."),
  schedule: schedule.describe("As in a model."),
  file: file.optional().describe("As in a model."),
});
