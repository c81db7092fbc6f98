import { stripVTControlCharacters } from "node:util";

/** Which side a column's text keeps to. */
export type Align = "left" | "right";

/** Lines of aligned columns with two blanks between them; no blanks at the end of a line. */
export function table(rows: readonly (readonly string[])[], align: readonly Align[] = []): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, width(cell));
    });
  }
  return rows
    .map((row) =>
      row
        .map((cell, index) => {
          const fill = " ".repeat((widths[index] ?? 0) - width(cell));
          return align[index] === "right" ? fill + cell : cell + fill;
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** The text with each line moved to the right. */
export function indent(text: string, blanks = 2): string {
  return text
    .split("\n")
    .map((line) => (line === "" ? line : " ".repeat(blanks) + line))
    .join("\n");
}

function width(cell: string): number {
  return [...stripVTControlCharacters(cell)].length;
}
