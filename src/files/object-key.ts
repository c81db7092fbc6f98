import { SyncError } from "../core/errors.ts";
import { type KeySymbol, languagesMeet } from "./key-language.ts";
import { symbolsOf } from "./key-symbols.ts";
import { parseKeyTemplate } from "./key-template.ts";
import { keyParts, type KeyTemplate, type KeyValues, printKey, type PrintedPart } from "./print-key.ts";

/** What is wrong with a template, and where it is written. */
export interface KeyProblem {
  readonly key: "folder" | "name";
  readonly message: string;
}

/** Below this folder of every prefix lie the claims and manifests, never a file. */
export const RESERVED_FOLDER = "_spillway";

/** The longest key that S3 takes, in UTF-8, prefix included. */
const MAX_KEY_BYTES = 1024;
/** Values as long as they may get, to try a template on. */
const LONGEST: KeyValues = {
  generation: 999_999_999,
  change: "changed",
  part: 999_999,
  run: "0".repeat(40),
  scheduledAt: new Date(Date.UTC(2024, 8, 25)),
};

/** The key of an object, relative to the destination's prefix. CONFIG_INVALID when `checkKeyTemplate` finds a problem. */
export function objectKey(template: KeyTemplate, values: KeyValues): string {
  const [problem] = checkKeyTemplate(template);
  if (problem !== undefined) {
    throw new SyncError("CONFIG_INVALID", `file.${problem.key} of ${template.stream} cannot name objects: ${problem.message}.`, {
      hint: 'The default works everywhere: name: "{stream}-{generation:06}-{change}-{part:04}".',
      context: { stream: template.stream, key: problem.key },
    });
  }
  return printKey(template, values);
}

/** Everything that is wrong with a template: unknown tokens, keys that could meet within the stream, keys that a store refuses. `prefix` counts for the length. */
export function checkKeyTemplate(template: KeyTemplate, prefix = ""): readonly KeyProblem[] {
  const written = (["folder", "name"] as const).flatMap((key) =>
    parseKeyTemplate(template[key]).problems.map((message) => ({ key, message })),
  );
  if (written.length > 0) return written;
  const sample = printKey(template, LONGEST);
  return [...ambiguities(keyParts(template)), ...shapeProblems(template, sample, prefix)];
}

/**
 * Whether two streams that share a bucket and prefix could ever write the same key, or one below a key of the other. Exact about what the templates can
 * print (any generation, change, part, run and instant), so it says yes also where only an odd instant would make them meet.
 */
export function keysCanCollide(a: KeyTemplate, b: KeyTemplate): boolean {
  const left = keyParts(a).flatMap(symbolsOf);
  const right = keyParts(b).flatMap(symbolsOf);
  const below: readonly KeySymbol[] = [{ kind: "words", words: ["/"] }, { kind: "anything" }];
  return languagesMeet(left, right) || languagesMeet([...left, ...below], right) || languagesMeet(left, [...right, ...below]);
}

/**
 * Keys differ for every (generation, change, part) when a key can be read back from left to right: each of the three stands in it, and each piece of
 * varying length is followed by a character that it cannot hold. A run makes one generation, so its id may stand for the generation; once
 * the generation is read, the id and the slot are no longer unknown.
 */
function ambiguities(parts: readonly PrintedPart[]): readonly KeyProblem[] {
  const problems: KeyProblem[] = [];
  const need = (token: string, present: boolean): void => {
    if (!present) problems.push({ key: "name", message: `keys must differ for every ${token}: put {${token}} in` });
  };
  need(
    "generation",
    parts.some((part) => part.kind === "run_id" || (part.kind === "number" && part.token === "generation")),
  );
  need(
    "change",
    parts.some((part) => part.kind === "change"),
  );
  need(
    "part",
    parts.some((part) => part.kind === "number" && part.token === "part"),
  );
  const visible = parts.filter((part) => part.kind !== "literal" || part.text !== "");
  let runKnown = false;
  for (const [at, part] of visible.entries()) {
    if (part.kind !== "number" && part.kind !== "run_id") continue;
    const own: KeySymbol = part.kind === "run_id" ? { kind: "run_id" } : { kind: "digits", length: 1, orMore: false };
    if (!(part.kind === "run_id" && runKnown) && beginsLike(visible[at + 1], own)) {
      const token = part.kind === "run_id" ? "run_id" : part.token;
      const apart = part.kind === "run_id" ? '"/" or "."' : "a character that is no digit";
      problems.push({ key: "name", message: `{${token}} runs into what follows it, so two keys could be equal: put ${apart} after it` });
    }
    if (part.kind === "run_id" || part.token === "generation") runKnown = true;
  }
  return problems;
}

/** Whether what stands next can begin with a character of `own`. */
function beginsLike(next: PrintedPart | undefined, own: KeySymbol): boolean {
  if (next === undefined) return false;
  return languagesMeet([own, { kind: "anything" }], [...symbolsOf(next), { kind: "anything" }]);
}

function shapeProblems(template: KeyTemplate, sample: string, prefix: string): readonly KeyProblem[] {
  const key = template.folder === "" ? "name" : "folder";
  const segments = sample.split("/");
  const found: KeyProblem[] = [];
  if (segments.some((segment) => segment === "" || segment === "." || segment === "..")) {
    found.push({ key, message: 'keys may not begin or end with "/" nor hold "//", "." or ".." between slashes' });
  }
  if (/[\p{Cc}\p{Cs}\\]/u.test(sample)) found.push({ key, message: "keys may not hold control characters or backslashes" });
  if (segments.some((segment) => segment.toLowerCase() === RESERVED_FOLDER)) {
    found.push({ key, message: `the folder ${RESERVED_FOLDER} is kept for manifests` });
  }
  const bytes = Buffer.byteLength(prefix === "" ? sample : `${prefix}/${sample}`);
  if (bytes > MAX_KEY_BYTES)
    found.push({ key, message: `keys may have at most ${MAX_KEY_BYTES} bytes, prefix included; these can have ${bytes}` });
  return found;
}
