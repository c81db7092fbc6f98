import type { ConfigFile, Located } from "./config-file.ts";
import type { FlatIssue } from "./flatten-issue.ts";
import { suggestName } from "./suggest.ts";

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  mapping: "keys with values",
  null: "nothing",
};

/** Reports a schema's complaint in words that name what was found and what fits. */
export function explainIssue(file: ConfigFile, issue: FlatIssue): void {
  const name = issue.path.at(-1);
  const label = typeof name === "number" ? `${issue.path.at(-2) ?? "list"}[${name}]` : (name ?? "the file");
  switch (issue.kind) {
    case "unknown-key":
      return file.report("CONFIG_UNKNOWN_KEY", { path: [...issue.path, issue.key], at: "key" }, `there is no key "${issue.key}"`);
    case "key-name":
      return file.report("CONFIG_INVALID", { path: issue.path, at: "key" }, `"${label}" is not possible here`, issue.words);
    case "choice":
      return explainChoice(file, issue, label);
    case "type":
      return explainType(file, issue, label);
    case "other":
      return file.report("CONFIG_INVALID", { path: issue.path }, `${label} is not valid`, issue.words);
  }
}

function explainChoice(file: ConfigFile, issue: Extract<FlatIssue, { kind: "choice" }>, label: string): void {
  const options = issue.options.join(", ");
  if (issue.missing)
    return file.report(
      "CONFIG_INVALID",
      { path: issue.path.slice(0, -1), at: "key" },
      `"${label}" is missing`,
      `add ${label}: ${issue.options.join(" | ")}`,
    );
  const text = file.at(issue.path)?.text ?? null;
  const hint = text === null || issue.options.length < 2 ? null : suggestName(text, issue.options);
  file.report(
    "CONFIG_INVALID",
    { path: issue.path },
    `${label} has to be ${issue.options.length > 1 ? "one of " : ""}${options}`,
    hint?.startsWith("did") === true ? hint : null,
  );
}

function explainType(file: ConfigFile, issue: Extract<FlatIssue, { kind: "type" }>, label: string): void {
  const wanted = issue.words ?? `has to be ${issue.wanted.map((type) => TYPE_WORDS[type] ?? type).join(" or ")}`;
  if (issue.missing)
    return file.report(
      "CONFIG_INVALID",
      { path: issue.path.slice(0, -1), at: "key" },
      `"${label}" is missing`,
      `add the key; it ${wanted}`,
    );
  const found = file.at(issue.path);
  file.report("CONFIG_INVALID", { path: issue.path }, `${label} ${wanted}, not ${foundWords(found)}`);
}

function foundWords(found: Located | null): string {
  if (found === null) return "nothing";
  if (Array.isArray(found.value)) return "a list";
  if (found.text === null) return "keys with values";
  if (found.value === null) return "nothing";
  if (typeof found.value === "number") return "a number";
  if (typeof found.value === "boolean") return `${found.value}`;
  return "text";
}
