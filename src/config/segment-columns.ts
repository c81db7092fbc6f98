import { AUDIENCE_COLUMN } from "../core/types.ts";
import type { OutputColumn, OutputValue } from "../core/types.ts";

/** Columns of an audience file that a model can fill with columns of the same names. */
const OWN_COLUMNS = ["email", "user_id", "anonymous_id"] as const;

/** The columns of an audience file that are filled by the preset itself. */
export const SEGMENT_COLUMNS = [
  "audience_name",
  "audience_id",
  "audience_action",
  "timestamp",
  "message_id",
  "properties_or_traits",
] as const;

/**
 * The columns of an audience file under `file.preset: segment_audience`. A model's columns called email, user_id and anonymous_id stand in
 * columns of their own, every other one in the JSON of `properties_or_traits`.
 */
export function segmentColumns(columns: readonly OutputColumn[], audience: "column" | { readonly name: string }): readonly OutputColumn[] {
  const name: OutputValue = audience === "column" ? { from: "column", column: AUDIENCE_COLUMN } : { from: "value", text: audience.name };
  const own = OWN_COLUMNS.map((each) => columns.find((column) => column.name === each) ?? { name: each, value: EMPTY });
  const members = columns.filter((column) => !OWN_COLUMNS.some((each) => each === column.name));
  return [
    { name: "audience_name", value: name },
    { name: "audience_id", value: name },
    { name: "audience_action", value: { from: "metadata", field: "_member" } },
    ...own,
    { name: "timestamp", value: { from: "metadata", field: "_scheduled_at" } },
    { name: "message_id", value: { from: "metadata", field: "_message_id" } },
    { name: "properties_or_traits", value: { from: "object", members } },
  ];
}

const EMPTY: OutputValue = { from: "value", text: "" };
