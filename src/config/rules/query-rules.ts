import { AUDIENCE_COLUMN } from "../../core/types.ts";
import { asList } from "../as-list.ts";
import type { ModelRule } from "./model-rule.ts";

const QUERY_KEYS = ["query", "query_file", "table", "audiences"] as const;

/** A model says where its rows come from, once. */
export const hasOneQuery: ModelRule = ({ model }) => {
  const given = QUERY_KEYS.filter((key) => model.file.at([key]) !== null);
  if (given.length === 1) return;
  if (given.length === 0) {
    model.file.report(
      "CONFIG_INVALID",
      { path: [] },
      "the model does not say which rows it delivers",
      `add one of ${QUERY_KEYS.join(", ")}`,
    );
  }
  for (const key of given.slice(1)) {
    model.file.report(
      "CONFIG_INVALID",
      { path: [key], at: "key" },
      `"${key}" and "${given[0]}" exclude each other`,
      `keep one of ${QUERY_KEYS.join(", ")}`,
    );
  }
};

/** An audience model's base query is given once. */
export const entityHasOneQuery: ModelRule = ({ model, written }) => {
  if (written.audiences === undefined) return;
  const path = ["audiences", "entity"];
  const [query, file] = [model.file.at([...path, "query"]), model.file.at([...path, "query_file"])];
  if (query === null && file === null) {
    model.file.report("CONFIG_INVALID", { path, at: "key" }, "the entity has no base query", "add query or query_file");
  }
  if (query !== null && file !== null) {
    model.file.report(
      "CONFIG_INVALID",
      { path: [...path, "query_file"], at: "key" },
      '"query_file" and "query" exclude each other',
      "keep one of them",
    );
  }
};

/** Every model but an audience model names its key columns; that of an audience model is given. */
export const hasPrimaryKey: ModelRule = ({ model, written }) => {
  if (written.audiences !== undefined && written.primary_key !== undefined) {
    const key = [...asList(written.audiences.entity.key), AUDIENCE_COLUMN].join(", ");
    model.file.report(
      "CONFIG_INVALID",
      { path: ["primary_key"], at: "key" },
      `the primary key of an audience model is (${key})`,
      "take the key away",
    );
  }
  if (model.file.at(["audiences"]) === null && model.file.at(["primary_key"]) === null) {
    model.file.report(
      "CONFIG_INVALID",
      { path: [] },
      '"primary_key" is missing',
      "name the columns that tell the rows apart, e.g. primary_key: [user_id]",
    );
  }
};

/** Key columns are different ones. */
export const keyColumnsDiffer: ModelRule = ({ model, written }) => {
  const lists = [
    { path: ["primary_key"], columns: written.primary_key },
    { path: ["audiences", "entity", "key"], columns: written.audiences?.entity.key },
  ];
  for (const { path, columns } of lists) {
    if (columns === undefined || typeof columns === "string") continue;
    for (const [index, column] of columns.entries()) {
      if (columns.indexOf(column) < index)
        model.file.report("CONFIG_INVALID", { path: [...path, index] }, `the column "${column}" stands in the key twice`, "name it once");
    }
  }
  if (asList(written.audiences?.entity.key ?? []).includes(AUDIENCE_COLUMN)) {
    model.file.report(
      "CONFIG_INVALID",
      { path: ["audiences", "entity", "key"] },
      `${AUDIENCE_COLUMN} is added to the key by itself`,
      "name the entity's own columns",
    );
  }
};
