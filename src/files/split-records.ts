import type { FileFormat } from "../core/types.ts";

/** A field of a record as it stands in the file; each character is a byte. */
export interface RecordField {
  readonly text: string;
  readonly quoted: boolean;
}

/** A record of a delimited file, and what is wrong with how it is written. */
export interface FileRecord {
  /** The line of the file that it begins on, from 1. */
  readonly line: number;
  readonly fields: readonly RecordField[];
  readonly problems: readonly string[];
  /** A byte order mark stands before it: at the beginning of the file. */
  readonly hasBom: boolean;
}

const BOM_BYTES = Buffer.from("\ufeff").toString("latin1");

/**
 * Cuts the bytes of a delimited file into records, as far as they can be told apart, and says what breaks the format: quotes in the wrong place,
 * other line ends, an end in the middle of a record. Holds one record at a time.
 */
export async function* splitRecords(
  chunks: AsyncIterable<Buffer>,
  format: Pick<FileFormat, "delimiter" | "quote" | "newline">,
): AsyncGenerator<FileRecord> {
  const splitter = new RecordSplitter(format);
  for await (const chunk of chunks) yield* splitter.push(chunk.toString("latin1"));
  yield* splitter.end();
}

type Place = "start" | "bare" | "quoted" | "after_quote";

class RecordSplitter {
  readonly #delimiter: string;
  readonly #end: string;
  readonly #hasQuotes: boolean;
  #place: Place = "start";
  #text = "";
  #wasQuoted = false;
  #fields: RecordField[] = [];
  #problems = new Set<string>();
  #line = 1;
  #recordLine = 1;
  #rest = "";
  #hasBom: boolean | null = null;

  constructor({ delimiter, quote, newline }: Pick<FileFormat, "delimiter" | "quote" | "newline">) {
    this.#delimiter = Buffer.from(delimiter).toString("latin1");
    this.#end = newline === "crlf" ? "\r\n" : "\n";
    this.#hasQuotes = quote !== "none";
  }

  *push(bytes: string): Generator<FileRecord> {
    const text = this.#withoutBom(this.#rest + bytes);
    if (text === null) return;
    // What may go on in the next chunk waits for it: a delimiter of several bytes, CR before LF, a quote before a quote.
    const keep = Math.max(this.#delimiter.length, 2) - 1;
    const limit = text.length - keep;
    yield* this.#read(text, limit);
  }

  /** Null while there are too few bytes to tell. */
  #withoutBom(text: string): string | null {
    if (this.#hasBom !== null) return text;
    if (text.length < BOM_BYTES.length) {
      this.#rest = text;
      return null;
    }
    this.#hasBom = text.startsWith(BOM_BYTES);
    return this.#hasBom ? text.slice(BOM_BYTES.length) : text;
  }

  *end(): Generator<FileRecord> {
    yield* this.#read(this.#rest, this.#rest.length);
    if (this.#place === "quoted") this.#problems.add("a quote is opened and never closed");
    if (this.#text === "" && this.#fields.length === 0 && this.#place === "start") return;
    this.#problems.add("the file ends in the middle of a line: its last line end is missing");
    this.#endField();
    yield this.#endRecord();
  }

  *#read(text: string, limit: number): Generator<FileRecord> {
    let at = 0;
    while (at < limit) {
      const here = text[at] ?? "";
      if (here === "\n") this.#line += 1;
      if (this.#place === "quoted") at += this.#inQuotes(text, at, limit);
      else if (here === '"' && this.#hasQuotes) at += this.#quote();
      else if (text.startsWith(this.#delimiter, at)) at += this.#endField();
      else if (here === "\n" || text.startsWith("\r\n", at)) {
        const length = here === "\n" ? 1 : 2;
        if (length === 2) this.#line += 1;
        if (length !== this.#end.length)
          this.#problems.add(`the line ends in ${length === 2 ? "CR LF" : "LF"}, not in ${length === 2 ? "LF" : "CR LF"}`);
        this.#endField();
        yield this.#endRecord();
        at += length;
      } else at += this.#bare(here);
    }
    this.#rest = text.slice(Math.max(at, 0));
  }

  /** Everything up to the next quote at once. */
  #inQuotes(text: string, at: number, limit: number): number {
    if (text[at] === '"') {
      if (text[at + 1] !== '"') {
        this.#place = "after_quote";
        return 1;
      }
      this.#text += '"';
      return 2;
    }
    this.#text += text[at] ?? "";
    let next = at + 1;
    while (next < limit && text[next] !== '"' && text[next] !== "\n") next += 1;
    this.#text += text.slice(at + 1, next);
    return next - at;
  }

  #quote(): number {
    if (this.#place === "start") {
      this.#place = "quoted";
      this.#wasQuoted = true;
    } else {
      this.#problems.add(
        this.#place === "bare" ? "a quote stands inside of a field that is not in quotes" : "text follows a closing quote",
      );
      this.#text += '"';
    }
    return 1;
  }

  #bare(character: string): number {
    if (this.#place === "after_quote") this.#problems.add("text follows a closing quote");
    else this.#place = "bare";
    this.#text += character;
    return 1;
  }

  #endField(): number {
    this.#fields.push({ text: this.#text, quoted: this.#wasQuoted });
    this.#text = "";
    this.#wasQuoted = false;
    this.#place = "start";
    return this.#delimiter.length;
  }

  #endRecord(): FileRecord {
    const record = { line: this.#recordLine, fields: this.#fields, problems: [...this.#problems], hasBom: this.#hasBom === true };
    this.#hasBom = false;
    this.#fields = [];
    this.#problems = new Set();
    this.#recordLine = this.#line;
    return record;
  }
}
