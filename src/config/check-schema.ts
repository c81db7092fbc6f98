import type { z } from "zod";
import type { ConfigFile, KeyPath, Located } from "./config-file.ts";
import { explainIssue } from "./explain-issue.ts";
import { flattenIssue } from "./flatten-issue.ts";
import type { FlatIssue } from "./flatten-issue.ts";
import { keysAt } from "./json-schema.ts";
import type { JsonSchema } from "./json-schema.ts";
import { suggestName } from "./suggest.ts";

/** A schema, and the same as JSON schema to look up which keys exist (made only when somebody asks). */
export interface CheckedBy<Output> {
  readonly schema: z.ZodType<Output>;
  readonly json: () => JsonSchema;
}

const MAX_PASSES = 24;

/**
 * Checks a file against a schema and reports what is wrong. A scalar is read as the type that its key asks for: text exactly as
 * written (`0012` stays `0012`), numbers and booleans also from a variable. What is wrong is left out afterwards, so that rules can
 * look at the rest; null when not even that makes sense.
 */
export function checkSchema<Output>(file: ConfigFile, by: CheckedBy<Output>, leftOut: readonly KeyPath[]): Output | null {
  if (file.root === null) return null;
  const value = structuredClone(file.root.value);
  let json: JsonSchema | null = null;
  const keysOf = (path: KeyPath): readonly string[] => keysAt((json ??= by.json()), path, value);
  const gone = [...leftOut];
  for (const path of gone) removeAt(value, path);
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    const result = by.schema.safeParse(value);
    if (result.success) return result.data;
    const issues = result.error.issues.flatMap((issue) => flattenIssue(issue, [], value));
    const repaired = issues.map((issue) => repair(file, value, issue, keysOf));
    gone.push(...issues.flatMap((issue) => (issue.kind === "unknown-key" ? [[...issue.path, issue.key]] : [])));
    if (repaired.includes(true)) continue;
    for (const issue of issues) if (!isReported(file, issue, gone)) explainIssue(file, issue);
    gone.push(...issues.map((issue) => issue.path));
    if (!issues.map((issue) => removeWrong(value, issue.path)).includes(true)) return null;
  }
  return null;
}

/** Takes a wrong value out: an item takes its list with it, a key that is missing the mapping that needs it. */
function removeWrong(value: unknown, path: KeyPath): boolean {
  const item = path.findIndex((key) => typeof key === "number");
  const whole = item === -1 ? path : path.slice(0, item);
  for (let length = whole.length; length > 0; length -= 1) if (removeAt(value, whole.slice(0, length))) return true;
  return false;
}

/** Mends what can be mended before the next pass; answers whether something was. */
function repair(file: ConfigFile, value: unknown, issue: FlatIssue, keysOf: (path: KeyPath) => readonly string[]): boolean {
  if (issue.kind === "unknown-key") {
    const path = [...issue.path, issue.key];
    file.report(
      "CONFIG_UNKNOWN_KEY",
      { path, at: "key" },
      `${issue.path.length === 0 ? "" : `${issue.path.join(".")}: `}there is no key "${issue.key}"`,
      suggestName(issue.key, keysOf(issue.path)),
    );
    return removeAt(value, path);
  }
  if (issue.kind !== "type") return false;
  const located = file.at(issue.path);
  if (located === null) return false;
  for (const wanted of issue.wanted) {
    const read = readAs(located, wanted);
    if (read !== undefined && Object.is(valueAt(value, issue.path), located.value)) return setAt(value, issue.path, read);
  }
  return false;
}

function readAs(located: Located, wanted: string): string | number | boolean | undefined {
  const { text, value } = located;
  if (text === null) return undefined;
  if (wanted === "string") return typeof value === "number" || typeof value === "boolean" ? text : undefined;
  if (typeof value !== "string" || !located.interpolated) return undefined;
  if (wanted === "boolean") return text === "true" || text === "false" ? text === "true" : undefined;
  return /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?$/.test(text) && /^(?:number|int)$/.test(wanted) ? Number(text) : undefined;
}

/** Whether a problem only follows from one that was told: a value that was left out, or a variable that is not set. */
function isReported(file: ConfigFile, issue: FlatIssue, gone: readonly KeyPath[]): boolean {
  if (issue.kind === "other" && gone.some((path) => issue.path.every((key, at) => key === path[at]))) return true;
  if (gone.some((path) => path.join("\0") === issue.path.join("\0"))) return true;
  const found = file.at(issue.path);
  if (found === null) return false;
  const isMissing = "missing" in issue && issue.missing;
  return isMissing || (found.interpolated && (found.home ?? file).hasIssueWithin(found.span, "CONFIG_VARIABLE_UNSET"));
}

function valueAt(value: unknown, path: KeyPath): unknown {
  let here = value;
  for (const key of path) here = isRecord(here) ? here[String(key)] : undefined;
  return here;
}

function removeAt(value: unknown, path: KeyPath): boolean {
  const parent = valueAt(value, path.slice(0, -1));
  const key = String(path.at(-1));
  return isRecord(parent) && Object.hasOwn(parent, key) && Reflect.deleteProperty(parent, key);
}

function setAt(value: unknown, path: KeyPath, next: unknown): boolean {
  const parent = valueAt(value, path.slice(0, -1));
  return isRecord(parent) && Reflect.set(parent, String(path.at(-1)), next);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
