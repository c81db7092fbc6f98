/** What an error tells of the statement that raised it; every piece stands in the statement's own text, so none can be a row's value. */
export interface StatementFacts {
  /** Place in the statement, both from 1. */
  readonly line?: number;
  readonly column?: number;
  /** The column whose value could not be cast. */
  readonly castOf?: string;
  /** The line of a CSV file that could not be read. */
  readonly csvLine?: number;
}

/** Takes out of DuckDB's message, which may quote rows, what is known to speak of the statement. */
export function statementFacts(message: string, sql: string): StatementFacts {
  const castOf = castColumn(message, sql);
  const csvLine = /^[A-Z][A-Za-z ]* Error: CSV Error on Line: (\d{1,15})\n/u.exec(message)?.[1];
  return {
    ...placeIn(message, sql),
    ...(castOf === null ? {} : { castOf }),
    ...(csvLine === undefined ? {} : { csvLine: Number(csvLine) }),
  };
}

/**
 * The message ends with `LINE n: …` and a caret below. A value may hold such lines as well, or they may come from a view's text, so
 * they count only at the very end and where the statement's line holds what is shown.
 */
function placeIn(message: string, sql: string): Pick<StatementFacts, "line" | "column"> {
  const found = /\n(LINE (\d{1,9}): )([^\n]*)\n( *)\^\s*$/u.exec(message);
  if (found === null) return {};
  const [, label = "", number = "", shown = "", blanks = ""] = found;
  const text = plain(sql.split("\n")[Number(number) - 1] ?? "");
  const cut = shown.startsWith("...") && !text.startsWith("...") ? 3 : 0;
  const piece = plain(shown)
    .slice(cut)
    .replace(/\.\.\.$/u, "");
  const start = text.indexOf(piece);
  const within = blanks.length - label.length - cut;
  if (piece === "" || start === -1 || text.lastIndexOf(piece) !== start || within < 0) return {};
  const before = Array.from(text.slice(0, start)).length;
  return { line: Number(number), column: before + charactersBefore(shown.slice(cut), within) + 1 };
}

/** The caret is placed by the width that a terminal gives each character: none to a TAB, two cells to a wide one. */
function charactersBefore(text: string, width: number): number {
  let cells = 0;
  let at = 0;
  for (const character of text) {
    if (cells >= width && !NO_WIDTH.test(character)) break;
    cells += NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
    at += 1;
  }
  return at;
}

const NO_WIDTH = /[\p{Cc}\p{M}]/u;
const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uFF01-\uFF60]/u;

function plain(line: string): string {
  return line.replaceAll(/\s/gu, " ");
}

/** Only a name that the statement itself writes. */
function castColumn(message: string, sql: string): string | null {
  const named = [...message.matchAll(/ when casting from source column ([^\n]+)|\nError when converting column "([^"\n]+)"/gu)].at(-1);
  const name = named?.[1] ?? named?.[2];
  if (name === undefined) return null;
  const isWritten = sql.includes(`"${name.replaceAll('"', '""')}"`) || sql.split(/[^\p{L}\p{N}_]+/u).includes(name);
  return isWritten ? name : null;
}
