import { InvalidArgumentError } from "commander";
import type { OptionBag } from "./command.ts";

/** Typed access to what commander collected. */
export function optionBag(values: Readonly<Record<string, unknown>>): OptionBag {
  return {
    text: (name) => {
      const value = values[name];
      return typeof value === "string" ? value : null;
    },
    flag: (name) => values[name] === true,
    list: (name) => {
      const value = values[name];
      return Array.isArray(value) ? value.map(String) : [];
    },
    number: (name) => {
      const value = values[name];
      return typeof value === "number" ? value : null;
    },
  };
}

/** Reads the value of an option that counts something. */
export function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It takes a whole number.");
  return Number(text);
}

/** Collects an option that may be given several times, or with commas between its values. */
export function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [
    ...(before ?? []),
    ...text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== ""),
  ];
}
