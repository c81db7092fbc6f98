import { parseAllDocuments } from "yaml";
import type { Document, YAMLError } from "yaml";
import type { ConfigFile, KeyPath } from "./config-file.ts";
import type { Variables } from "./interpolate.ts";
import { readYamlNode } from "./read-yaml-node.ts";

/** How the scalars of one kind of file are read. */
export interface YamlRules {
  readonly variables: Variables;
  /** True for a path whose text is SQL, where only `${NAME}` is replaced. */
  isSql(path: KeyPath): boolean;
}

const OPEN = "\uFDD0";
const CLOSE = "\uFDD1";
const REFERENCE = /\$\{([\w.-]+(?::[-?][^{}\n]*)?)\}/g;

/**
 * Parses the file's text, one YAML 1.2 mapping, and sets its root; every problem is reported on the file.
 * Answers whether there is a mapping that further checks can look at.
 */
export function parseYaml(file: ConfigFile, rules: YamlRules): boolean {
  if (file.text.includes(OPEN) || file.text.includes(CLOSE)) {
    file.reportSpan(
      "CONFIG_SYNTAX",
      { offset: 0, length: 1 },
      "the file holds U+FDD0 or U+FDD1, which are not characters",
      "take them out",
    );
    return false;
  }
  const documents = parseDocuments(file);
  if (documents === null) return false;
  const document = documents[0];
  if (document === undefined || document.contents === null || isBlank(document)) {
    if (documents.length <= 1 && file.issues.length === 0) {
      file.reportSpan("CONFIG_SYNTAX", { offset: 0, length: 1 }, "the file is empty", "write at least one key, or take the file away");
    }
    return false;
  }
  const root = readYamlNode(file, document.contents, {
    isSql: (path) => rules.isSql(path),
    variables: rules.variables,
    restore: (text) => text.replaceAll(OPEN, "{").replaceAll(CLOSE, "}"),
  });
  if (root === null) return false;
  file.setRoot(root);
  if (root.text !== null || Array.isArray(root.value)) {
    file.reportSpan(
      "CONFIG_SYNTAX",
      root.span,
      `the file holds ${root.text === null ? "a list" : "one value"}, not keys with values`,
      "write `key: value` lines",
    );
    return false;
  }
  return !file.issues.some((issue) => issue.code === "CONFIG_SYNTAX");
}

/** Variables stand in braces, which end a plain value inside `{…}`: stand-ins of the same length keep every position. */
function parseDocuments(file: ConfigFile): readonly Document[] | null {
  const text = file.text.replace(REFERENCE, (_, inside: string) => `$${OPEN}${inside}${CLOSE}`);
  let documents: readonly Document[];
  try {
    const parsed = parseAllDocuments(text, { version: "1.2", prettyErrors: false, uniqueKeys: false, merge: false, logLevel: "silent" });
    documents = "empty" in parsed ? [] : parsed;
  } catch {
    file.reportSpan(
      "CONFIG_SYNTAX",
      { offset: 0, length: 1 },
      "the file cannot be read as YAML: it is nested too deeply",
      "use fewer levels",
    );
    return null;
  }
  // What the parser says after its first error mostly follows from it.
  const [first] = documents.flatMap((document) => document.errors).toSorted((a, b) => a.pos[0] - b.pos[0]);
  if (first !== undefined) reportYamlError(file, first);
  const second = documents[1];
  if (second !== undefined) {
    const offset = file.text.indexOf("---", documents[0]?.range?.[1] ?? 0);
    file.reportSpan(
      "CONFIG_SYNTAX",
      { offset: Math.max(0, offset), length: 3 },
      "a second document starts here",
      "one file holds one document; make two files",
    );
  }
  if (documents[0]?.directives?.yaml.version === "1.1") {
    file.reportSpan(
      "CONFIG_SYNTAX",
      { offset: Math.max(0, file.text.indexOf("%YAML")), length: 9 },
      "YAML 1.1 reads `yes`, `on` and `012` differently",
      "take the directive away",
    );
  }
  return documents;
}

function isBlank(document: Document): boolean {
  const contents: unknown = document.contents;
  return (
    typeof contents === "object" &&
    contents !== null &&
    "value" in contents &&
    contents.value === null &&
    "source" in contents &&
    contents.source === ""
  );
}

const OPEN_BRACKET = ["a bracket that was opened above is not closed", "close it, or indent this line"] as const;

/** The parser's own messages can quote the file's text, so each code gets words of ours. */
const WORDS: Readonly<Record<string, readonly [string, string | null]>> = {
  TAB_AS_INDENT: ["a tab cannot indent YAML", "use spaces"],
  BAD_INDENT: ["the indentation does not fit the lines above", "keys of one mapping start in the same column"],
  MISSING_CHAR: ["a quote, a bracket or a `:` is missing here", "close the quote or bracket, or put `:` and a space after the key"],
  BAD_SCALAR_START: ["a value cannot start with this character", "put the value in quotes"],
  BLOCK_AS_IMPLICIT_KEY: ["a mapping cannot start on this line", "put a value that holds `: ` in quotes"],
  BLOCK_IN_FLOW: ["an indented block cannot stand inside [ ] or { }", "put the value in quotes"],
  MULTILINE_IMPLICIT_KEY: ["a key has to fit on one line", "put `:` after the key, or quotes around the value"],
  BAD_DQ_ESCAPE: ["this escape is not known in double quotes", "double the backslash, or use single quotes"],
  BAD_ALIAS: ["an alias needs a name", "put the value in quotes when it starts with `*`"],
  BAD_DIRECTIVE: ["this directive is not known", "take the line away"],
  KEY_OVER_1024_CHARS: ["a key has more than 1,024 characters", "close the quote, or put `:` after the key"],
  RESOURCE_EXHAUSTION: ["the file is nested too deeply", "use fewer levels"],
  UNEXPECTED_TOKEN: ["this does not belong here", "put the value in quotes, or mend the bracket or comma before it"],
};

function reportYamlError(file: ConfigFile, error: YAMLError): void {
  const isOpenBracket = error.code === "BAD_INDENT" && error.message.startsWith("Flow ");
  const [message, hint] = isOpenBracket ? OPEN_BRACKET : (WORDS[error.code] ?? ["this is not YAML", "put the value in quotes"]);
  const [from, to] = error.pos;
  // At the end of the file there is nothing to see: the last thing that was written is nearer to the mistake.
  const last = Math.max(0, file.text.trimEnd().length - 1);
  file.reportSpan(
    "CONFIG_SYNTAX",
    from > last ? { offset: last, length: 1 } : { offset: from, length: Math.max(1, to - from) },
    message,
    hint,
  );
}
