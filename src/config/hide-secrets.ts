import { distance } from "fastest-levenshtein";

const KEY = /(?:^|[\s{,"'-])(["']?)([\w-]+)\1\s*:(?=\s)\s*/g;
const SECRET_KEY = /passw|passphrase|secret|token|credential|access_key|private_key|hmac|(?:^|_)(?:url|dsn)$/i;
/** A slip in one of these names shows no more than the name itself would. */
const SECRET_NAMES = [
  "password",
  "passphrase",
  "secret",
  "secret_access_key",
  "session_token",
  "access_key_id",
  "private_key",
  "credentials",
  "url",
  "dsn",
];
const REFERENCE = /^["']?\$\{\w+\}["']?\s*$/;
const HIDDEN = "[hidden]";

/** A line as it may be shown, and where on it the span lies that is at fault. */
export interface ShownLine {
  readonly text: string;
  readonly start: number;
  readonly length: number;
}

/** The line that starts at `lineStart` of a file with the values of keys that hold secrets replaced, unless they only name a variable. */
export function hideSecrets(text: string, lineStart: number, start: number, length: number): ShownLine {
  const end = text.indexOf("\n", lineStart);
  const line = text.slice(lineStart, end === -1 ? undefined : end).replace(/\r$/, "");
  if (isInSecretBlock(text, lineStart, line)) return { text: HIDDEN, start: 0, length: HIDDEN.length };
  let shown = "";
  let done = 0;
  let span = { start, length };
  for (const match of line.matchAll(KEY)) {
    const from = match.index + match[0].length;
    if (from < done || !isSecretKey(match[2] ?? "")) continue;
    const value = valueAt(line, from);
    if (value === "" || REFERENCE.test(value) || /^[[{|>]/.test(value)) continue;
    span = moveSpan(span, shown.length + (from - done), value.length, HIDDEN.length);
    shown += line.slice(done, from) + HIDDEN;
    done = from + value.length;
  }
  return { text: shown + line.slice(done), ...span };
}

/** Inside braces a value ends at a comma or brace; elsewhere it fills the line. */
function valueAt(line: string, from: number): string {
  const rest = line.slice(from);
  const before = line.slice(0, from);
  const isInBraces = before.split("{").length > before.split("}").length;
  if (!isInBraces) return rest.trimEnd();
  return /^(?:"(?:[^"\\]|\\.)*"?|'(?:[^']|'')*'?|(?:\$\{[^}]*\}|[^,}])*)/.exec(rest)?.[0].trimEnd() ?? "";
}

/** Whether the line is part of a text of several lines that belongs to a key that holds a secret. */
function isInSecretBlock(text: string, lineStart: number, line: string): boolean {
  const above = text.slice(0, lineStart).split("\n").slice(0, -1);
  const indent = indentOf(line);
  const owner = above.findLast((other) => other.trim() !== "" && indentOf(other) < indent);
  if (owner === undefined || !/:\s+(?:[|>][-+0-9]*|["'].*)\s*$/.test(owner)) return false;
  return [...`${owner} `.matchAll(KEY)].some((match) => isSecretKey(match[2] ?? ""));
}

/** Whether the value of a key with this name, or with a slip in it, may be a secret. */
export function isSecretKey(name: string): boolean {
  const slips = name.length < 6 ? 1 : 2;
  return SECRET_KEY.test(name) || SECRET_NAMES.some((secret) => distance(name.toLowerCase(), secret) <= slips);
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** Where a span lands when `removed` characters at `at` become `inserted` ones. */
function moveSpan(
  span: { start: number; length: number },
  at: number,
  removed: number,
  inserted: number,
): { start: number; length: number } {
  const end = span.start + span.length;
  if (end <= at) return span;
  if (span.start >= at + removed) return { start: span.start - removed + inserted, length: span.length };
  const start = Math.min(span.start, at);
  return { start, length: Math.max(end - removed, at) + inserted - start };
}
