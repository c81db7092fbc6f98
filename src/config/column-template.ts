import type { TemplatePart } from "../core/types.ts";

/** A column template cut into text and columns, or what is wrong with it. */
export interface ParsedColumnTemplate {
  readonly parts: readonly TemplatePart[];
  readonly problem: string | null;
}

/** Reads `{first_name} {last_name}`; `{{` and `}}` stand for braces. */
export function parseColumnTemplate(template: string): ParsedColumnTemplate {
  const parts: TemplatePart[] = [];
  let text = "";
  const flush = (): void => {
    if (text !== "") parts.push({ text });
    text = "";
  };
  for (const [piece] of template.matchAll(/\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+/gu)) {
    if (piece === "{{" || piece === "}}") text += piece.charAt(0);
    else if (piece === "{" || piece === "}")
      return { parts: [], problem: `"${piece}" stands alone: write ${piece}${piece} for the character itself` };
    else if (piece === "{}") return { parts: [], problem: "{} names no column" };
    else if (piece.startsWith("{")) {
      flush();
      parts.push({ column: piece.slice(1, -1) });
    } else text += piece;
  }
  flush();
  return { parts, problem: null };
}
