import { parseColumnFormat } from "../../files/column-format.ts";
import { parseJsonPath } from "../../files/json-path.ts";
import { CHANGED_SEPARATOR } from "../../files/mapping-facts.ts";
import { phoneCountries } from "../../files/phone-number.ts";
import { FUNCTION_NAMES, type WrittenFunction } from "../column-schema.ts";
import { columnNames, outputValue, REST } from "../compile-columns.ts";
import { primaryKey } from "../compile-stream.ts";
import type { ConfigFile, KeyPath } from "../config-file.ts";
import { suggestName } from "../suggest.ts";
import type { ModelRule } from "./model-rule.ts";

/** Functions that do nothing without an argument, and what it may look like. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  e164: "{e164: DE}",
  left: "{left: 3}",
  right: "{right: 3}",
  null_if: '{null_if: ""}',
  coalesce: "{coalesce: none}",
  hmac_sha256: "{hmac_sha256: ${HASH_KEY}}",
};

/** Paths, formats and functions can be read, and each has something to work on. */
export const stepsAreValid: ModelRule = ({ model, written }) => {
  for (const [name, column] of Object.entries(written.columns ?? {})) {
    if (column === null || typeof column === "string") continue;
    const at: KeyPath = ["columns", name];
    const { file } = model;
    if (column.path !== undefined) {
      const path = parseJsonPath(column.path);
      if ("problem" in path) file.report("CONFIG_INVALID", { path: [...at, "path"] }, path.problem);
      if (column.from === undefined)
        file.report(
          "CONFIG_INVALID",
          { path: [...at, "path"], at: "key" },
          "a path leads into a column of the result",
          "add from: the column that holds JSON",
        );
    }
    if (column.format !== undefined) {
      const format = parseColumnFormat(column.format);
      if (format.of === "nothing") file.report("CONFIG_INVALID", { path: [...at, "format"] }, format.problem);
    }
    for (const [index, one] of (column.apply ?? []).entries()) checkFunction(file, [...at, "apply", index], one);
  }
};

function checkFunction(file: ConfigFile, path: KeyPath, one: WrittenFunction): void {
  if (typeof one === "string") {
    const names: readonly string[] = FUNCTION_NAMES;
    if (!names.includes(one)) file.report("CONFIG_UNKNOWN_NAME", { path }, `there is no function "${one}"`, suggestName(one, names));
    const example = Object.hasOwn(ARGUMENTS, one) ? ARGUMENTS[one] : undefined;
    if (example !== undefined) file.report("CONFIG_INVALID", { path }, `${one} needs to be told what to do`, `e.g. ${example}`);
    return;
  }
  const names = [...(file.at(path)?.children.keys() ?? [])];
  if (names.length === 0) file.report("CONFIG_INVALID", { path }, "no function is named", "write a name, or {name: argument}");
  for (const name of names.slice(1)) {
    const mark = { path: [...path, name], at: "key" } as const;
    file.report("CONFIG_INVALID", mark, `"${name}" stands beside another function`, "write each as an item of its own: - {name: argument}");
  }
  if (one.e164 === undefined || phoneCountries().includes(one.e164)) return;
  const upper = one.e164.toUpperCase();
  const hint = phoneCountries().includes(upper) ? `did you mean "${upper}"?` : "write the two letters of ISO 3166, e.g. DE";
  file.report("CONFIG_INVALID", { path: [...path, "e164"] }, `there is no country "${one.e164}"`, hint);
}

/** `*` stands for the rest of the columns, as a key and as what goes in, and has nothing done to it. */
export const restStandsAlone: ModelRule = ({ model, written }) => {
  for (const [name, column] of Object.entries(written.columns ?? {})) {
    const isRest = outputValue(column)?.from === "rest";
    if (name === REST && (column === null || typeof column !== "string" || !isRest)) {
      model.file.report(
        "CONFIG_INVALID",
        { path: ["columns", name], at: "key" },
        'the column "*" stands for all that are not named',
        'write "*": "*"',
      );
    } else if (name !== REST && isRest) {
      model.file.report(
        "CONFIG_INVALID",
        { path: ["columns", name], at: "key" },
        "only the column named * can stand for the rest",
        'write "*": "*"',
      );
    }
  }
};

/** `_previous.X` is the value last told of an output column X. */
export const previousExists: ModelRule = ({ model, written }) => {
  const columns = written.columns ?? {};
  const values = Object.entries(columns).map(([name, column]) => ({ name, column, value: outputValue(column) }));
  const hasRest = values.some(({ value }) => value?.from === "rest");
  const stored = values.filter(({ value }) => ["column", "value", "template"].includes(value?.from ?? "")).map(({ name }) => name);
  for (const { name, column, value } of values) {
    if (value?.from !== "previous" || stored.includes(value.output)) continue;
    const path = typeof column === "string" ? ["columns", name] : ["columns", name, "from"];
    const other = Object.hasOwn(columns, value.output) ? outputValue(columns[value.output] ?? null) : undefined;
    if (other?.from === "metadata" || other?.from === "previous") {
      model.file.report(
        "CONFIG_INVALID",
        { path },
        `"${value.output}" is a fact of the run, of which nothing was told before`,
        "name a column that shows the row",
      );
    } else if (!hasRest || other === null) {
      model.file.report("CONFIG_UNKNOWN_NAME", { path }, `there is no output column "${value.output}"`, suggestName(value.output, stored));
    }
  }
};

/** The names in `_changed_columns` can be told apart. */
export const changedNamesAreSeparable: ModelRule = ({ model, written }) => {
  const columns = written.columns ?? {};
  const lists = Object.values(columns).some((column) => {
    const value = outputValue(column);
    return value?.from === "metadata" && value.field === "_changed_columns";
  });
  if (!lists) return;
  for (const name of columnNames(model, columns)) {
    if (!name.includes(CHANGED_SEPARATOR)) continue;
    const mark = { path: ["columns", name], at: "key" } as const;
    model.file.report(
      "CONFIG_INVALID",
      mark,
      `a comma stands between the names in _changed_columns, and in "${name}"`,
      "give the column another name",
    );
  }
};

const HASHES = ["sha256", "sha1", "md5", "hmac_sha256", "mask"];

/** The state keeps keys as they are: hashing one in the file alone does not keep it out of there. */
export const hashedKeysAreStored: ModelRule = ({ model, written }) => {
  const keys = primaryKey(written);
  for (const [name, column] of Object.entries(written.columns ?? {})) {
    if (column === null || typeof column === "string" || column.from === undefined || !keys.includes(column.from)) continue;
    const isHashed = (column.apply ?? []).some((one) =>
      HASHES.some((hash) => one === hash || (typeof one === "object" && Object.hasOwn(one, hash))),
    );
    if (!isHashed) continue;
    const message = `the state keeps the key column ${column.from} as it is, hashed or not in the file`;
    model.file.warn({ path: ["columns", name, "from"] }, message, "to keep it out of the state, hash it in the query");
  }
};
