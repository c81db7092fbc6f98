import type { ErrorCode } from "../core/error-codes.ts";
import type { ConfigIssue, ConfigNote } from "./config-error.ts";
import { hideSecrets } from "./hide-secrets.ts";

/** Part of a file's text: from `offset`, `length` characters. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** A value of a YAML file together with the place that it was written at. */
export interface Located {
  /** Null, text, number, boolean, array or plain object. */
  readonly value: unknown;
  readonly span: Span;
  /** Where the key stands that leads here; null for the root and for items of a list. */
  readonly keySpan: Span | null;
  /** A scalar as written, after interpolation; null for lists and mappings. */
  readonly text: string | null;
  /** Whether a variable was put in, so that the text may stand for a number or a boolean. */
  readonly interpolated: boolean;
  /** Values below, in the order of the file. */
  readonly children: ReadonlyMap<string, Located>;
  /** The file that it was written in, where that is not the one whose tree it is in. */
  readonly home?: ConfigFile;
}

/** A key path into a configuration file. */
export type KeyPath = readonly (string | number)[];

/** A place to report a problem at. */
export interface Mark {
  readonly path: KeyPath;
  /** The key that leads to the value, or (default) the value itself. */
  readonly at?: "key" | "value";
  /** A piece of the scalar's text to point at instead of all of it. */
  readonly piece?: string;
}

/** So many problems of one file are told; whoever has more has the wrong file. */
const MAX_ISSUES = 100;

/** A configuration file that was read, and the problems found in it so far. */
export class ConfigFile {
  /** Absolute path. */
  readonly path: string;
  /** The path as a person would write it. */
  readonly display: string;
  readonly #text: string;
  readonly #issues: ConfigIssue[] = [];
  readonly #warnings: ConfigNote[] = [];
  readonly #offsets: { readonly code: ErrorCode; readonly offset: number }[] = [];
  #root: Located | null = null;
  #problemsElsewhere = 0;

  constructor(path: string, display: string, text: string) {
    this.path = path;
    this.display = display;
    this.#text = text;
  }

  get text(): string {
    return this.#text;
  }

  get root(): Located | null {
    return this.#root;
  }

  setRoot(root: Located): void {
    this.#root = root;
  }

  get warnings(): readonly ConfigNote[] {
    return this.#warnings;
  }

  get issues(): readonly ConfigIssue[] {
    return this.#issues;
  }

  /** Whether nothing is wrong with it, nor with what was laid under it. */
  get isSound(): boolean {
    return this.#issues.length === 0 && this.#problemsElsewhere === 0;
  }

  /** Whether a problem (with this code, when one is given) was recorded that starts within the span. */
  hasIssueWithin(span: Span, code: ErrorCode | null): boolean {
    return this.#offsets.some(
      (found) => (code === null || found.code === code) && found.offset >= span.offset && found.offset < span.offset + span.length,
    );
  }

  /** What stands at a path, or null. */
  at(path: KeyPath): Located | null {
    let here = this.#root;
    for (const key of path) here = here?.children.get(String(key)) ?? null;
    return here;
  }

  /** Records a problem at a path; a path that is not in the file falls back to the nearest key above it. */
  report(code: ErrorCode, mark: Mark, message: string, hint: string | null = null): void {
    const { home, span } = this.#placeOf(mark);
    if (home !== this) this.#problemsElsewhere += 1;
    home.reportSpan(code, span, message, hint);
  }

  /** Records something that is allowed but hardly meant. */
  warn(mark: Mark, message: string, hint: string | null = null): void {
    const { home, span } = this.#placeOf(mark);
    home.#warnings.push(home.#noteAt(span, message, hint));
  }

  /** Records a problem at a piece of the text. */
  reportSpan(code: ErrorCode, span: Span, message: string, hint: string | null = null): void {
    if (this.#issues.length > MAX_ISSUES) return;
    if (this.#issues.length === MAX_ISSUES) {
      this.#issues.push(wholeFileIssue(code, this.display, `there are more problems than these ${MAX_ISSUES}`, "is it the right file?"));
      return;
    }
    this.#issues.push({ code, ...this.#noteAt(span, message, hint) });
    this.#offsets.push({ code, offset: span.offset });
  }

  #noteAt(span: Span, message: string, hint: string | null): ConfigNote {
    const offset = Math.min(span.offset, this.#text.length);
    const lineStart = this.#text.lastIndexOf("\n", offset - 1) + 1;
    const nextBreak = this.#text.indexOf("\n", lineStart);
    const line = this.#text.slice(lineStart, nextBreak === -1 ? undefined : nextBreak).replace(/\r$/, "");
    const start = Math.min(offset - lineStart, line.length);
    const length = Math.max(1, Math.min(span.length, line.slice(start).trimEnd().length));
    const shown = hideSecrets(this.#text, lineStart, start, length);
    return {
      file: this.display,
      line: this.lineOf(offset),
      column: shown.start + 1,
      length: shown.length,
      message,
      hint,
      source: shown.text,
    };
  }

  /** The line, counted from 1, of an offset of the text. */
  lineOf(offset: number): number {
    let line = 1;
    for (let at = this.#text.indexOf("\n"); at !== -1 && at < offset; at = this.#text.indexOf("\n", at + 1)) line += 1;
    return line;
  }

  #placeOf(mark: Mark): { readonly home: ConfigFile; readonly span: Span } {
    // What the file lacks as a whole has no place of its own.
    if (mark.path.length === 0) return { home: this, span: { offset: 0, length: 1 } };
    for (let depth = mark.path.length; depth >= 0; depth -= 1) {
      const found = this.at(mark.path.slice(0, depth));
      if (found === null) continue;
      const home = found.home ?? this;
      const wantKey = mark.at === "key" || depth < mark.path.length || found.text === null;
      if (wantKey && found.keySpan !== null) return { home, span: found.keySpan };
      return { home, span: depth === mark.path.length && mark.piece !== undefined ? home.pieceOf(found.span, mark.piece) : found.span };
    }
    return { home: this, span: { offset: 0, length: 1 } };
  }

  /** The `nth` occurrence of a text within a span; the span itself where it does not occur (an escape or a variable hides it). */
  pieceOf(span: Span, piece: string, nth = 0): Span {
    const end = span.offset + span.length;
    let at = this.#text.indexOf(piece, span.offset);
    for (let seen = 0; seen < nth && at !== -1; seen += 1) at = this.#text.indexOf(piece, at + piece.length);
    return piece === "" || at === -1 || at + piece.length > end ? span : { offset: at, length: piece.length };
  }
}

/** A problem with a file as a whole. */
export function wholeFileIssue(code: ErrorCode, display: string, message: string, hint: string | null): ConfigIssue {
  return { code, file: display, line: 0, column: 0, length: 0, message, hint, source: null };
}
