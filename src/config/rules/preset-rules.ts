import { outputValue } from "../compile-columns.ts";
import { compileFile } from "../compile-file.ts";
import { SEGMENT_COLUMNS } from "../segment-columns.ts";
import type { ModelRule } from "./model-rule.ts";

/** Columns of a customer-match list that are to be hashed, by the names that its receivers give them. */
const HASHED_COLUMNS = ["Email", "Phone", "First Name", "Last Name"];

/** A customer-match list holds no address, number or name in the clear. */
export const customerMatchIsHashed: ModelRule = ({ model, written }) => {
  if (written.file.preset !== "customer_match") return;
  const example = "apply: [trim, lower, sha256]";
  if (written.columns === undefined)
    model.file.report(
      "CONFIG_INVALID",
      { path: ["file", "preset"] },
      "customer_match needs columns",
      `e.g. Email: {from: email, ${example}}`,
    );
  for (const [name, column] of Object.entries(written.columns ?? {})) {
    if (column === null || !HASHED_COLUMNS.includes(name)) continue;
    const apply = typeof column === "string" ? [] : (column.apply ?? []);
    if (apply.at(-1) === "sha256") continue;
    model.file.report(
      "CONFIG_INVALID",
      { path: ["columns", name] },
      `"${name}" of a customer-match list has to be hashed`,
      `add ${example}`,
    );
  }
};

/** Delimiters that an audience file's consumers know. */
const SEGMENT_DELIMITERS = [",", "|", "\t", ";", ":"];

/** An audience file is made of columns that the model names, each a matter of the row. */
export const segmentAudienceIsWhole: ModelRule = ({ model, written }) => {
  if (written.file.preset !== "segment_audience") return;
  const report = (path: readonly string[], message: string, hint: string): void =>
    model.file.report("CONFIG_INVALID", { path }, message, hint);
  if (written.columns === undefined)
    report(["file", "preset"], "segment_audience needs columns", "e.g. columns: {user_id: user_id, email: email, plan: plan}");
  for (const [name, column] of Object.entries(written.columns ?? {})) {
    const value = outputValue(column);
    if (SEGMENT_COLUMNS.some((own) => own === name))
      report(["columns", name], `segment_audience fills "${name}" itself`, "take the column away");
    else if (value !== null && !["column", "value", "template"].includes(value.from))
      report(["columns", name], `"${name}" is no column of the row, which segment_audience is made of`, "name columns of the query");
  }
  if (!SEGMENT_DELIMITERS.includes(compileFile(written).delimiter))
    report(["file", "delimiter"], "audience files have a comma, pipe, tab, semicolon or colon between fields", 'e.g. ";"');
};
