import type { Place } from "./ports.ts";

// How counts and sizes read, in messages and on the screen alike.

/** An exact count with thousands grouped, e.g. `1,204,331`. */
export function count(value: number | bigint): string {
  return value.toString().replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}

/** A count and its noun: `1 row`, `2 rows`. */
export function counted(value: number | bigint, noun: string): string {
  return `${count(value)} ${noun}${BigInt(value) === 1n ? "" : "s"}`;
}

/** Bytes in decimal units, as shops and S3 bills count them: `251.4 kB`. */
export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let rest = value;
  let unit = 0;
  while (rest >= 999.95 && unit < units.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? String(rest) : rest.toFixed(1)} ${units[unit] ?? ""}`;
}

/** A place as people write it: a folder's path, or a bucket's URL. */
export function placeText(place: Place): string {
  if (place.type === "local") return place.prefix;
  return `${place.type}://${[place.bucket, place.prefix].filter((part) => part !== "").join("/")}`;
}
