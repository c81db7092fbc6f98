/** What the clocks of a zone show at an instant, as the UTC fields of a date; exact to the second. */
export function wallClock(at: Date, zone: string): Date {
  if (zone === "UTC") return at;
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(at);
  const read = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.find((part) => part.type === type)?.value);
  return new Date(Date.UTC(read("year"), read("month") - 1, read("day"), read("hour"), read("minute"), read("second")));
}
