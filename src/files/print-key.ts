import { utcFormat } from "d3-time-format";
import { type KeyPart, parseKeyTemplate, type TimePiece } from "./key-template.ts";
import { encodeSplitValue } from "./split-value.ts";

/** How a stream names its objects: its `folder`, `name` and `extension`, and the names that tokens stand for. */
export interface KeyTemplate {
  readonly folder: string;
  readonly name: string;
  readonly extension: string;
  readonly model: string;
  readonly delivery: string | null;
  readonly stream: string;
  /** Columns that files are split by. */
  readonly splitBy?: readonly string[];
  /** What `{change}` can print besides `full`; without it, the kinds of change. */
  readonly changes?: readonly string[];
  /** One object only, which replaces the one before: keys need not differ. */
  readonly overwrite?: boolean;
  /** An object per generation only: keys need not differ by change and part. */
  readonly single?: boolean;
}

/** What differs between the objects of a stream. */
export interface KeyValues {
  readonly generation: number;
  readonly change: string;
  /** Value of each column of `splitBy`; without it, none. */
  readonly split?: Readonly<Record<string, string | null>>;
  /** Counts from 1 within one change and combination of split values. */
  readonly part: number;
  readonly run: string;
  readonly scheduledAt: Date;
}

/** A part that no longer depends on the stream's names. */
export type PrintedPart =
  | Exclude<KeyPart, { readonly kind: "constant" | "change" }>
  | { readonly kind: "change"; readonly words: readonly string[] };

const KINDS: readonly string[] = ["added", "changed", "removed"];

const DAY_MS = 86_400_000;

/** Parts of the whole key in order, names filled in. */
export function keyParts(template: KeyTemplate): readonly PrintedPart[] {
  const folder = template.folder.replace(/\/$/u, "");
  const name = parseKeyTemplate(template.name, template.splitBy).parts;
  const hasExtension = name.some((part) => part.kind === "constant" && part.token === "ext");
  const parts: readonly KeyPart[] = [
    ...parseKeyTemplate(folder, template.splitBy).parts,
    { kind: "literal", text: folder === "" ? "" : "/" },
    ...name,
    { kind: "literal", text: hasExtension || template.extension === "" ? "" : `.${template.extension}` },
  ];
  return parts.map((part) => {
    if (part.kind === "constant") return { kind: "literal", text: constantText(template, part.token) };
    return part.kind === "change" ? { kind: "change", words: changeWords(template) } : part;
  });
}

/** Everything that `{change}` can print. */
export function changeWords(template: Pick<KeyTemplate, "changes">): readonly string[] {
  return [...new Set([...(template.changes ?? KINDS), "full"])];
}

function constantText(template: KeyTemplate, token: "model" | "delivery" | "stream" | "ext"): string {
  return token === "ext" ? template.extension : (template[token] ?? "");
}

/** The key that a template prints, whatever it is worth; its texts must parse. */
export function printKey(template: KeyTemplate, values: KeyValues): string {
  return keyParts(template)
    .map((part) => printPart(part, values))
    .join("");
}

function printPart(part: PrintedPart, values: KeyValues): string {
  switch (part.kind) {
    case "literal":
      return part.text;
    case "number":
      return String(values[part.token]).padStart(part.width, "0");
    case "change":
      return values.change;
    case "run_id":
      return values.run;
    case "split":
      return encodeSplitValue(values.split?.[part.column] ?? null);
    case "time":
      return printTime(part.pieces, new Date(values.scheduledAt.getTime() + part.days * DAY_MS));
  }
}

function printTime(pieces: readonly TimePiece[], instant: Date): string {
  return pieces.map((piece) => ("text" in piece ? piece.text : utcFormat(`%${piece.directive}`)(instant))).join("");
}
