/** A name as code, safe in a table and in HTML: no character of it can end the cell or call a person. */
export function code(text: string): string {
  return /^[\w./ :=%(),+~*-]+$/.test(text) && text.trim() === text && text !== "" ? `\`${text}\`` : `<code>${html(text)}</code>`;
}

/** Text as HTML, on one line, with nothing that Markdown would take for its own. */
export function html(text: string): string {
  return text.replaceAll(/[&<>"'`|*[\]\\@#~\r\n]|_(?!\w)|(?<!\w)_|:(?=[\w+-]+:)/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Lines that are shown as they are, whatever stands in them. */
export function fenced(lines: readonly string[], language: string): string {
  const longest = Math.max(2, ...lines.flatMap((line) => [...line.matchAll(/`+/g)].map(([ticks]) => ticks.length)));
  const fence = "`".repeat(longest + 1);
  return [`${fence}${language}`, ...lines, fence].join("\n");
}

/** A table; alignment is told by a letter for each column, l or r. */
export function markdownTable(header: readonly string[], align: string, rows: readonly (readonly string[])[]): string {
  const rule = [...align].map((side) => (side === "r" ? "--:" : "---"));
  return [header, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** A part that opens when it is clicked; `title` is HTML. */
export function collapsed(title: string, body: string): string {
  return `<details><summary>${title}</summary>\n\n${body}\n\n</details>`;
}
