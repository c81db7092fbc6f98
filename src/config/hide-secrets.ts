const SECRET_KEY =
  /(?:^|[\s{,"'-])["']?[\w-]*(?:passw|passphrase|secret|token|credential|access_key|private_key|\burl\b|\bdsn\b)[\w-]*["']?\s*:\s+/gi;
const HIDDEN = "[hidden]";

/**
 * A line of configuration with the values of keys that hold secrets replaced, unless they only name a variable; and the span on it
 * that `start` and `length` stood for.
 */
export function hideSecrets(
  line: string,
  start: number,
  length: number,
): { readonly text: string; readonly start: number; readonly length: number } {
  let text = "";
  let done = 0;
  let span = { start, length };
  for (const match of line.matchAll(SECRET_KEY)) {
    const from = match.index + match[0].length;
    if (from < done) continue;
    const value = /^(?:"(?:[^"\\]|\\.)*"?|'(?:[^']|'')*'?|[^,}\s][^,}]*)/.exec(line.slice(from))?.[0] ?? "";
    if (value === "" || /^["']?\$\{\w+\}["']?\s*$/.test(value) || /^[[{]/.test(value)) continue;
    const to = from + value.length;
    span = moveSpan(span, text.length + (from - done), to - from, HIDDEN.length);
    text += line.slice(done, from) + HIDDEN;
    done = to;
  }
  return { text: text + line.slice(done), ...span };
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
