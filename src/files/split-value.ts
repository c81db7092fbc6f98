/** What an encoded value is made of; no template can be misread when another character follows it. */
export const SPLIT_VALUE_CHARACTER = /^[0-9A-Za-z_.~-]$/u;

const NULL_TEXT = "~null";
const EMPTY_TEXT = "~empty";

/**
 * A value as a piece of an object's key, different for different values: letters, digits, `_`, `-` and `.` (not in front) as they are, every other
 * byte of its UTF-8 as `~` and two hex digits; `~null` for NULL and `~empty` for the empty text.
 */
export function encodeSplitValue(value: string | null): string {
  if (value === null) return NULL_TEXT;
  if (value === "") return EMPTY_TEXT;
  return value.replaceAll(/^\.|[^0-9A-Za-z_.-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `~${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}

/** The value that a piece of a key stands for: the inverse of `encodeSplitValue`. */
export function decodeSplitValue(piece: string): string | null {
  if (piece === NULL_TEXT) return null;
  if (piece === EMPTY_TEXT) return "";
  const bytes = piece
    .split(/(~[0-9A-F]{2})/u)
    .map((part) => (part.startsWith("~") ? Buffer.from(part.slice(1), "hex") : Buffer.from(part)));
  return Buffer.concat(bytes).toString();
}
