import { entry, type ErrorCodeEntry } from "./error-code-entry.ts";
import { EXIT } from "./exit-codes.ts";

/** Codes of problems in configuration files, alphabetical; part of ERROR_CODES. */
export const CONFIG_CODES = {
  CONFIG_INVALID: entry(
    EXIT.usage,
    "The configuration or a model file breaks a rule.",
    "Mend the lines shown; `sync validate` checks them offline.",
  ),
  CONFIG_KEYS_COLLIDE: entry(
    EXIT.usage,
    "Two objects could get the same key: files of one stream, or of two streams that deliver to the same place. Or names were changed, and an earlier generation used the key.",
    "Put `{stream}`, `{generation:06}`, `{change}` and `{part:04}` into file.folder or file.name, or give each stream, or the new names, a folder of its own.",
  ),
  CONFIG_NOT_SUPPORTED_YET: entry(
    EXIT.usage,
    "The key or value is part of Spillway's format but this version does not act on it, so it is refused rather than ignored.",
    "Take it away, or wait for a version whose changelog names it.",
  ),
  CONFIG_SYNTAX: entry(
    EXIT.usage,
    "A configuration file is not the YAML that Spillway reads: one YAML 1.2 document without tags, merge keys or repeated keys.",
    "Mend the place shown; a value with special characters goes into quotes.",
  ),
  CONFIG_UNKNOWN_KEY: entry(
    EXIT.usage,
    "A key that does not exist stands in a configuration file; it would have been without effect.",
    "Correct its spelling as suggested, or take it away.",
  ),
  CONFIG_UNKNOWN_NAME: entry(
    EXIT.usage,
    "A file refers to a source, a destination or a column that is not defined.",
    "Correct the name as suggested, or define it.",
  ),
  CONFIG_UNREADABLE: entry(
    EXIT.usage,
    "A configuration, model, SQL or .env file is missing, may not be read, is too large or is not UTF-8 text.",
    "Check the path (relative paths start at the file that they stand in) and the file's rights.",
  ),
  CONFIG_VARIABLE_UNSET: entry(
    EXIT.usage,
    "A file uses `${NAME}` and neither the environment nor .env sets it.",
    "Set the variable, or write `${NAME:-default}`.",
  ),
} as const satisfies Record<string, ErrorCodeEntry>;
