import { isUtf8 } from "node:buffer";
import type { ColumnKind, FileFormat } from "../core/types.ts";

type ShownFormat = Pick<FileFormat, "timestamp" | "timezone" | "boolean">;

const DATE = String.raw`\d{4,}-\d{2}-\d{2}(?: \(BC\))?`;
const TIME = String.raw`\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?`;

const TEXTS: Readonly<Record<"integer" | "decimal" | "float" | "date" | "time" | "timestamp" | "bytes", RegExp>> = {
  integer: /^-?\d+$/u,
  decimal: /^(?:-?\d+(?:\.\d+)?|NaN|-?Infinity)$/u,
  float: /^(?:-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|NaN|-?Infinity)$/iu,
  date: new RegExp(`^(?:${DATE}|-?infinity)$`, "u"),
  time: new RegExp(`^${TIME}(?:[+-]\\d{2}(?::\\d{2}){0,2})?$`, "u"),
  timestamp: new RegExp(`^(?:${DATE}T${TIME}(?: \\(BC\\))?|-?infinity)$`, "u"),
  bytes: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/u,
};

/** What is wrong with the bytes of a value (each character one byte) for its column's kind; null when they are in order. */
export function lintValue(bytes: string, kind: ColumnKind, format: ShownFormat): string | null {
  if (bytes.includes("\0")) return "a NUL character";
  // eslint-disable-next-line no-control-regex -- every character is a byte here
  const text = /^[\x00-\x7f]*$/u.test(bytes) ? bytes : utf8Of(bytes);
  if (text === null) return "bytes that are no UTF-8";
  return fits(text, kind, format) ? null : `a text that is no ${WORDS[kind]}`;
}

function utf8Of(bytes: string): string | null {
  const buffer = Buffer.from(bytes, "latin1");
  return isUtf8(buffer) ? buffer.toString() : null;
}

function fits(text: string, kind: ColumnKind, format: ShownFormat): boolean {
  switch (kind) {
    case "boolean":
      return format.boolean.includes(text);
    case "timestamp":
      return format.timestamp === "iso" ? TEXTS.timestamp.test(text) : isShown(text, format);
    case "timestamp_tz":
      return format.timestamp === "iso" ? isInstant(text, format) : isShown(text, format);
    case "json":
      return isJson(text);
    case "text":
      return true;
    case "integer":
    case "decimal":
    case "float":
    case "date":
    case "time":
    case "bytes":
      return TEXTS[kind].test(text);
  }
}

/** What a pattern prints is not taken apart. */
function isShown(text: string, format: ShownFormat): boolean {
  return format.timestamp.startsWith("epoch") ? /^-?\d+$|^-?infinity$/u.test(text) : text !== "";
}

function isInstant(text: string, { timezone }: ShownFormat): boolean {
  const zone = timezone === "UTC" ? "Z" : String.raw`[+-]\d{2}:\d{2}(?::\d{2})?`;
  return new RegExp(`^(?:${DATE}T${TIME}(?: \\(BC\\))?${zone}(?: \\(BC\\))?|-?infinity)$`, "u").test(text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const WORDS: Readonly<Record<ColumnKind, string>> = {
  integer: "integer",
  decimal: "decimal number",
  float: "number",
  boolean: "boolean",
  date: "date",
  time: "time of day",
  timestamp: "timestamp",
  timestamp_tz: "timestamp with zone",
  bytes: "base64",
  json: "JSON",
  text: "text",
};
