import { nearestName } from "../core/nearest-name.ts";

/** A piece of a parsed `folder` or `name`. */
export type KeyPart =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "constant"; readonly token: "model" | "delivery" | "stream" | "ext" }
  | { readonly kind: "number"; readonly token: "generation" | "part"; readonly width: number }
  | { readonly kind: "change" }
  | { readonly kind: "run_id" }
  | { readonly kind: "split"; readonly column: string }
  | { readonly kind: "time"; readonly days: number; readonly pieces: readonly TimePiece[] };

/** A piece of a strftime pattern: literal text or one directive. */
export type TimePiece = { readonly text: string } | { readonly directive: TimeDirective };

/** The directives that always print something safe in a key, and of which none is the beginning of another print of it. */
export const TIME_DIRECTIVES = ["Y", "y", "m", "d", "H", "M", "S", "j", "G", "V", "u", "a", "A", "b", "B"] as const;
export type TimeDirective = (typeof TIME_DIRECTIVES)[number];

/** What a template says, and what is wrong with it (then `parts` is not to be used). */
export interface ParsedTemplate {
  readonly parts: readonly KeyPart[];
  readonly problems: readonly string[];
}

const TOKENS = ["model", "delivery", "stream", "generation", "change", "part", "run_id", "ext", "scheduled_at"] as const;

/**
 * Reads `folder` or `name`: literal text, `{{` and `}}` for braces, and `{token}`, `{generation:06}`, `{scheduled_at-1d:%Y/%m/%d}`, or the name of
 * a column that files are split by.
 */
export function parseKeyTemplate(template: string, splitBy: readonly string[] = []): ParsedTemplate {
  const parts: KeyPart[] = [];
  const problems: string[] = [];
  for (const [piece] of template.matchAll(/\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+/gu)) {
    if (piece === "{{" || piece === "}}") parts.push({ kind: "literal", text: piece.charAt(0) });
    else if (piece === "{" || piece === "}") problems.push(`"${piece}" stands alone: write ${piece}${piece} for the character itself`);
    else if (piece.startsWith("{")) {
      const parsed = splitBy.includes(piece.slice(1, -1)) ? { kind: "split" as const, column: piece.slice(1, -1) } : parseToken(piece);
      if (typeof parsed === "string") problems.push(parsed);
      else parts.push(parsed);
    } else parts.push({ kind: "literal", text: piece });
  }
  return { parts, problems };
}

/** A part, or what is wrong. */
function parseToken(piece: string): KeyPart | string {
  const [, name = "", days, format] = /^\{([^:+-]*)([+-][^:]*)?(?::(.*))?\}$/su.exec(piece) ?? [];
  const token = TOKENS.find((known) => known === name);
  if (token === undefined) return unknownToken(piece, name);
  if (days !== undefined && token !== "scheduled_at") return `${piece}: only scheduled_at can be moved by days`;
  switch (token) {
    case "generation":
    case "part":
      return parseNumber(piece, token, format);
    case "scheduled_at":
      return parseTime(piece, days, format);
    case "change":
    case "run_id":
      return format === undefined ? { kind: token } : `${piece}: ${token} takes no format`;
    case "model":
    case "delivery":
    case "stream":
    case "ext":
      return format === undefined ? { kind: "constant", token } : `${piece}: ${token} takes no format`;
  }
}

function unknownToken(piece: string, name: string): string {
  const nearest = nearestName(name, TOKENS);
  return `${piece} is unknown${nearest === null ? `; known: ${TOKENS.map((token) => `{${token}}`).join(" ")}` : `; did you mean {${nearest}}?`}`;
}

function parseNumber(piece: string, token: "generation" | "part", format: string | undefined): KeyPart | string {
  if (format === undefined) return { kind: "number", token, width: 1 };
  if (!/^0\d{1,2}$/u.test(format)) return `${piece}: write the width with a leading zero, e.g. {${token}:06}`;
  return { kind: "number", token, width: Number(format) };
}

function parseTime(piece: string, days: string | undefined, format: string | undefined): KeyPart | string {
  if (days !== undefined && !/^[+-]\d{1,4}d$/u.test(days)) return `${piece}: days are written like {scheduled_at-1d:%Y-%m-%d}`;
  if (format === undefined || format === "") return `${piece} needs a pattern, e.g. {scheduled_at:%Y/%m/%d}`;
  const pieces: TimePiece[] = [];
  for (const [text] of format.matchAll(/%[^]?|[^%]+/gu)) {
    const directive = TIME_DIRECTIVES.find((known) => `%${known}` === text);
    if (directive !== undefined) pieces.push({ directive });
    else if (text === "%%") pieces.push({ text: "%" });
    else if (text.startsWith("%"))
      return `${piece}: ${text} is unknown; known: ${TIME_DIRECTIVES.map((known) => `%${known}`).join(" ")} %%`;
    else pieces.push({ text });
  }
  return { kind: "time", days: Number.parseInt(days ?? "0", 10), pieces };
}
