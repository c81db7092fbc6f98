/** What may be written as one name or as a list, as a list. */
export function asList(value: string | readonly string[]): readonly string[] {
  return typeof value === "string" ? [value] : value;
}
