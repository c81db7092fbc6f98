import { createTask, parse, validateDetailed, type ParsedFields } from "node-cron";

/** A cron expression, read: which seconds of which days of a calendar it means. */
export interface Cron {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** Whether it means every hour of the day: then it goes by instants, not by what the clocks are set to. */
  readonly isInterval: boolean;
  /** Whether it means a day. */
  matchesDay(year: number, month: number, day: number): boolean;
}

/** What is wrong with a cron expression. */
export interface CronProblem {
  readonly message: string;
  readonly hint: string;
  /** The part of the expression that is wrong; null: all of it. */
  readonly piece: string | null;
}

const FIELD_HINTS: Readonly<Record<string, string>> = {
  second: "seconds go from 0 to 59",
  minute: "minutes go from 0 to 59",
  hour: "hours go from 0 to 23",
  dayOfMonth: "days of the month go from 1 to 31, or L, 15W, L-3",
  month: "months go from 1 to 12, or JAN to DEC",
  dayOfWeek: "days of the week go from 0 (Sunday) to 6, or MON, MON#1, 5L",
};
const FIELD_NAMES: Readonly<Record<string, string>> = { dayOfMonth: "day of the month", dayOfWeek: "day of the week" };
const FORM = "write minute hour day month weekday, with seconds before them if need be (`0 6 * * *`), or `@hourly`, `@daily`, `@weekly`";

/** What is wrong with an expression; none: it can be used. */
export function cronProblems(text: string): readonly CronProblem[] {
  const { valid, errors } = validateDetailed(text);
  if (valid) return [];
  return errors.map(({ field, value, message }) => {
    if (field === "expression") {
      const fields = /got (\d+)$/.exec(message)?.[1];
      const what =
        fields === undefined ? `"${text}" is no cron expression` : `a cron expression has 5 or 6 fields, and this one has ${fields}`;
      return { message: what, hint: FORM, piece: null };
    }
    if (message.includes("impossible")) {
      return { message: "no month that is meant has such a day", hint: "it would never run", piece: value ?? null };
    }
    const name = FIELD_NAMES[field] ?? field;
    return { message: `"${value}" is no ${name} of a cron expression`, hint: FIELD_HINTS[field] ?? FORM, piece: value ?? null };
  });
}

/** Whether an expression names days of the month and days of the week: then both have to fit, which other crons read as either. */
export function namesBothDays(text: string): boolean {
  const { dayOfMonth, dayOfWeek } = parse(text);
  return !isEvery(dayOfMonth, 31) && !isEvery(dayOfWeek, 7);
}

/** Reads an expression that has no problems. */
export function parseCron(text: string): Cron {
  const fields = parse(text);
  return {
    seconds: sorted(fields.second),
    minutes: sorted(fields.minute),
    hours: sorted(fields.hour),
    isInterval: isEvery(fields.hour, 24),
    matchesDay: dayMatcher(text, fields),
  };
}

function dayMatcher(text: string, { dayOfMonth, month, dayOfWeek }: ParsedFields): Cron["matchesDay"] {
  const days = numbersOf(dayOfMonth);
  const weekdays = numbersOf(dayOfWeek);
  const months = new Set(month);
  if (days !== null && weekdays !== null) {
    return (year, inMonth, day) =>
      months.has(inMonth) && days.has(day) && weekdays.has(new Date(Date.UTC(year, inMonth - 1, day)).getUTCDay());
  }
  // Days such as `L`, `15W` or `5#2` are the library's own matter: it is asked about the day's first second, in a zone that has all of them.
  const parts = text.trim().split(/\s+/).slice(-3);
  const task = createTask(`0 0 0 ${parts.join(" ")}`, () => undefined, { timezone: "UTC" });
  // It is only asked, never started; the library forgets it, and answers all the same.
  void task.destroy();
  return (year, inMonth, day) => months.has(inMonth) && task.match(new Date(Date.UTC(year, inMonth - 1, day)));
}

/** null when one of the values is no number. */
function numbersOf(values: readonly (number | string)[]): ReadonlySet<number> | null {
  const numbers = values.filter((value) => typeof value === "number");
  return numbers.length === values.length ? new Set(numbers) : null;
}

function isEvery(values: readonly (number | string)[], count: number): boolean {
  return numbersOf(values)?.size === count;
}

function sorted(values: readonly number[]): readonly number[] {
  return [...new Set(values)].toSorted((a, b) => a - b);
}
