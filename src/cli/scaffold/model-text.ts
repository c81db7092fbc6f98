import { METADATA_FIELDS, PREVIOUS_PREFIX } from "../../core/types.ts";
import type { DraftColumn, ModelDraft } from "./model-draft.ts";

const COMMENT_WIDTH = 90;

/** Columns in which loaders and applications note when a row was touched last. */
const BOOKKEEPING =
  /^(?:_?(?:last_)?(?:updated|modified|changed|synced|loaded)(?:_(?:at|on|date|ts|time))?|_(?:fivetran|airbyte|sdc|dlt)_.+)$/i;

/** The text of a model file, with lines that tell what can be changed; `schema` is the path to the JSON schema, where there is one. */
export function modelText(draft: ModelDraft, schema: string | null): string {
  const lines = [
    ...(schema === null ? [] : [`# yaml-language-server: $schema=${schema}`]),
    `# Made by \`sync new\` from ${oneLine(draft.origin)}. Look at its rows with \`sync preview -m ${draft.name}\`, then change what you like.`,
    ...(draft.description === "" ? [] : [`description: ${value(oneLine(draft.description))}`]),
    `source: ${value(draft.source)}`,
    `destination: ${value(draft.destination)}`,
    "",
    ...rowsLines(draft),
    `primary_key: [${draft.key.map(value).join(", ")}]   # tells rows apart: ${oneLine(draft.keyReason)}`,
    "",
    ...columnLines(draft),
    "# More that a model can say; docs/configuration.md has all of it.",
    ...ignoreLine(draft),
    "# where: status = 'active'        # only rows that meet it belong to the model; one that no longer does is removed",
    '# schedule: {cron: "0 6 * * *", timezone: Europe/Berlin}   # kept by `sync serve`, or `sync run --due`',
    "# guards: {max_removed: 10%}      # a larger delta waits for approval; 20% unless told",
    `# file: {delimiter: ";", folder: "${draft.name}/{scheduled_at:%Y/%m/%d}"}`,
  ];
  return `${lines.join("\n")}\n`;
}

function rowsLines({ rows }: ModelDraft): readonly string[] {
  switch (rows.kind) {
    case "table":
      return [`table: ${value(rows.table)}`];
    case "dbt":
      return [`table: {dbt: ${value(rows.name)}}   # found in the manifest that config.yaml names`];
    case "query":
      return ["query: |", ...rows.sql.split("\n").map((line) => `  ${line}`)];
  }
}

function columnLines({ name, columns }: ModelDraft): readonly string[] {
  if (columns === null) return ["# Without `columns`, all of the table goes out as it is.", ""];
  const pairs = columns.map((column) => [isReserved(column.name) ? "" : `  ${key(column.name)}: ${value(column.name)}`, column] as const);
  const width = Math.min(48, Math.max(...pairs.map(([pair]) => pair.length)));
  return [
    "# Output column: what goes in, in the order of the file. Take a line away and the column is not sent. A column may also be",
    '#   {value: acme}   {template: "{first_name} {last_name}"}   {from: email, apply: [trim, lower, sha256]}   _change',
    `# (docs/columns.md); \`sync preview -m ${name}\` shows what comes of it.`,
    "columns:",
    ...pairs.map(([pair, column]) =>
      pair === ""
        ? `  # ${oneLine(column.name)} is left out: the name means a fact of the run`
        : `${pair.padEnd(width)}   ${noteOf(column)}`.trimEnd(),
    ),
    "",
  ];
}

function noteOf({ type, comment }: DraftColumn): string {
  const parts = [oneLine(type), oneLine(comment)].filter((part) => part !== "");
  return parts.length === 0 ? "" : `# ${parts.join(" · ")}`;
}

function ignoreLine({ columns, key: keys }: ModelDraft): readonly string[] {
  const found = (columns ?? []).filter(({ name }) => BOOKKEEPING.test(name) && !keys.includes(name)).map(({ name }) => value(name));
  return found.length === 0 ? [] : [`# ignore_changes_in: [${found.join(", ")}]   # delivered with a row, but no reason to deliver it`];
}

function isReserved(name: string): boolean {
  return name.startsWith(PREVIOUS_PREFIX) || METADATA_FIELDS.some((field) => field === name);
}

/** A comment ends where its line does. */
function oneLine(text: string): string {
  const flat = text.replaceAll(/[\s\p{Cc}\u2028\u2029]+/gu, " ").trim();
  return flat.length > COMMENT_WIDTH ? `${flat.slice(0, COMMENT_WIDTH - 1)}…` : flat;
}

const PLAIN = /^[\p{L}_][\p{L}\p{N}_.-]*$/u;

function key(text: string): string {
  return PLAIN.test(text) && !/^(?:true|false|null|y|n|yes|no|on|off)$/i.test(text) ? text : JSON.stringify(text);
}

/** A value is searched for variables, a key is not. */
function value(text: string): string {
  return key(text.replaceAll(/\$(?=[{$])/g, "$$$$"));
}
