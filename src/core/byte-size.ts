/** A size as users write it: `1GB`, `500MB`, `64MiB`, or a plain number of bytes. */
export const BYTE_SIZE = /^\d+(?:\.\d+)?\s*(?:[KMGT]i?)?B?$/i;

const UNITS = ["", "K", "M", "G", "T"];

/** Bytes of a size that fits `BYTE_SIZE`: thousands, or 1024s where an `i` stands. */
export function byteCount(size: number | string): number {
  if (typeof size === "number") return size;
  const [, digits = "0", unit = "", binary] = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?$/iu.exec(size) ?? [];
  return Math.floor(Number(digits) * (binary === "" ? 1000 : 1024) ** UNITS.indexOf(unit.toUpperCase()));
}
