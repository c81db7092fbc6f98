import { SyncError } from "../core/errors.ts";
import { type KeySymbol, languagesMeet } from "./key-language.ts";
import { symbolsOf } from "./key-symbols.ts";
import { parseKeyTemplate } from "./key-template.ts";
import { keyParts, type KeyTemplate, type KeyValues, printKey, type PrintedPart } from "./print-key.ts";

/** What is wrong with a template, and where it is written. */
export interface KeyProblem {
  readonly key: "folder" | "name";
  readonly message: string;
  /** The template is well formed, but two objects of the stream could get one key. */
  readonly collides: boolean;
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
    parseKeyTemplate(template[key]).problems.map((message) => ({ key, message, collides: false })),
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
  const visible = parts.filter((part) => part.kind !== "literal" || part.text !== "");
  const present = new Set(visible.map((part) => (part.kind === "number" ? part.token : part.kind)));
  if (present.has("run_id")) present.add("generation");
  const missing = (["generation", "change", "part"] as const).filter((token) => !present.has(token));
  const messages = missing.map((token) => `keys must differ for every ${token}: put {${token}} in`);
  let runKnown = false;
  for (const [at, part] of visible.entries()) {
    if (part.kind !== "number" && part.kind !== "run_id") continue;
    const known = part.kind === "run_id" && runKnown;
    if (!known && runsInto(part, visible[at + 1])) messages.push(apartMessage(part));
    if (part.kind === "run_id" || part.token === "generation") runKnown = true;
  }
  return messages.map((message) => ({ key: "name", message, collides: true }));
}

type VaryingPart = Extract<PrintedPart, { readonly kind: "number" | "run_id" }>;

function apartMessage(part: VaryingPart): string {
  const [token, apart] = part.kind === "run_id" ? ["run_id", "no letter and no digit"] : [part.token, "no digit"];
  return `{${token}} runs into what follows it, so two keys could be equal: put a character that is ${apart} after it`;
}

/** Whether what stands next can begin with a character that the part itself can hold. */
function runsInto(part: VaryingPart, next: PrintedPart | undefined): boolean {
  if (next === undefined) return false;
  const own: KeySymbol = part.kind === "run_id" ? { kind: "run_id" } : { kind: "digits", length: 1, orMore: false };
  return languagesMeet([own, { kind: "anything" }], [...symbolsOf(next), { kind: "anything" }]);
}

function shapeProblems(template: KeyTemplate, sample: string, prefix: string): readonly KeyProblem[] {
  const segments = sample.split("/");
  const bytes = Buffer.byteLength(prefix === "" ? sample : `${prefix}/${sample}`);
  const messages: string[] = [];
  if (segments.some((segment) => segment === "" || segment === "." || segment === "..")) {
    messages.push('keys may not begin or end with "/" nor hold "//", "." or ".." between slashes');
  }
  if (/[\p{Cc}\p{Cs}\\]/u.test(sample)) messages.push("keys may not hold control characters or backslashes");
  if (segments.some((segment) => segment.toLowerCase() === RESERVED_FOLDER)) {
    messages.push(`the folder ${RESERVED_FOLDER} is kept for manifests`);
  }
  if (bytes > MAX_KEY_BYTES) messages.push(`keys may have at most ${MAX_KEY_BYTES} bytes, prefix included; these can have ${bytes}`);
  const key = template.folder === "" ? "name" : "folder";
  return messages.map((message) => ({ key, message, collides: false }));
}
