import { SyncError } from "../core/errors.ts";
import { type KeySymbol, languagesMeet } from "./key-language.ts";
import { symbolsOf } from "./key-symbols.ts";
import { parseKeyTemplate } from "./key-template.ts";
import { changeWords, keyParts, type KeyTemplate, type KeyValues, printKey, type PrintedPart } from "./print-key.ts";

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
  const key = printKey(template, values);
  // Everything else is as long as its template says.
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw tooLong(template, key);
  return key;
}

function tooLong({ stream, splitBy = [] }: KeyTemplate, key: string): SyncError {
  const columns = splitBy.map((column) => `"${column}"`).join(", ");
  return new SyncError(
    "DATA_UNENCODABLE",
    `A value of ${columns} of ${stream} is too long to stand in the name of a file: the key would have ${Buffer.byteLength(key)} bytes, ${MAX_KEY_BYTES} are possible.`,
    { hint: "Split by a column with shorter values.", context: { stream, columns: splitBy } },
  );
}

/** Everything that is wrong with a template: unknown tokens, keys that could meet within the stream, keys that a store refuses. `prefix` counts for the length. */
export function checkKeyTemplate(template: KeyTemplate, prefix = ""): readonly KeyProblem[] {
  const written = (["folder", "name"] as const).flatMap((key) =>
    parseKeyTemplate(template[key], template.splitBy).problems.map((message) => ({ key, message, collides: false })),
  );
  if (written.length > 0) return written;
  const change = changeWords(template).toSorted((a, b) => b.length - a.length)[0] ?? "";
  const sample = printKey(template, { ...LONGEST, change });
  return [...ambiguities(template, keyParts(template)), ...shapeProblems(template, sample, prefix)];
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
 * Keys differ for every (generation, change, split values, part) when a key can be read back: each of them stands in it, and up to some piece every
 * piece of varying length is followed by a character that it cannot hold, and from there on preceded by one. A run makes one generation, so
 * its id may stand for the generation; once the generation is read, the id and the slot are no longer unknown.
 */
function ambiguities(template: KeyTemplate, parts: readonly PrintedPart[]): readonly KeyProblem[] {
  if (template.overwrite === true) return [];
  const visible = parts.filter((part) => part.kind !== "literal" || part.text !== "");
  const present = new Set(visible.map(tokenOf));
  if (present.has("run_id")) present.add("generation");
  const differing = template.single === true ? [] : ["change", "part", ...(template.splitBy ?? [])];
  const missing = ["generation", ...differing].filter((token) => !present.has(token));
  const messages = missing.map((token) => `keys must differ for every ${token}: put {${token}} in`);
  const idle = template.single === true ? ["change", "part"].filter((token) => present.has(token)) : [];
  messages.push(...idle.map((token) => `there is one such object a generation: take {${token}} out`));
  const forwards = unreadable(visible, (at) => runsInto(visible[at], visible[at + 1]));
  const backwards = unreadable(visible, (at) => runsInto(visible[at], visible[at - 1], "end"));
  const [first = visible.length, last = -1] = [forwards[0], backwards.at(-1)];
  if (last > first) messages.push(...forwards.map((at) => apartMessage(visible[at])));
  return messages.map((message) => ({ key: "name", message, collides: true }));
}

function tokenOf(part: PrintedPart): string {
  if (part.kind === "number") return part.token;
  return part.kind === "split" ? part.column : part.kind;
}

/** Places of the pieces of varying length that cannot be told from their neighbour; what was read before is known. */
function unreadable(parts: readonly PrintedPart[], meetsNeighbour: (at: number) => boolean): readonly number[] {
  const known = new Set<string>();
  return parts.flatMap((part, at) => {
    if (part.kind !== "number" && part.kind !== "run_id" && part.kind !== "split") return [];
    const token = tokenOf(part);
    const isKnown = part.kind !== "number" && known.has(token);
    known.add(token);
    if (token === "generation") known.add("run_id");
    return !isKnown && meetsNeighbour(at) ? [at] : [];
  });
}

function apartMessage(part: PrintedPart | undefined): string {
  const token = part === undefined ? "" : tokenOf(part);
  const apart =
    part?.kind === "split"
      ? 'not one of letters, digits, "_", "-", "." and "~", e.g. "/"'
      : part?.kind === "run_id"
        ? "no letter and no digit"
        : "no digit";
  return `{${token}} runs into what follows it, so two keys could be equal: put a character that is ${apart} after it`;
}

/** Whether the neighbour can begin (before: end) with a character that the part itself can hold. */
function runsInto(part: PrintedPart | undefined, neighbour: PrintedPart | undefined, side: "start" | "end" = "start"): boolean {
  if (part === undefined || neighbour === undefined) return false;
  const own: KeySymbol =
    part.kind === "number" ? { kind: "digits", length: 1, orMore: false } : { kind: part.kind === "split" ? "split" : "run_id" };
  const anything: KeySymbol = { kind: "anything" };
  const other = symbolsOf(neighbour);
  return side === "start" ? languagesMeet([own, anything], [...other, anything]) : languagesMeet([anything, own], [anything, ...other]);
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
