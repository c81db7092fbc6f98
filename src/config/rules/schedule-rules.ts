import { cronProblems, namesBothDays } from "../../core/cron.ts";
import { nearestName } from "../../core/nearest-name.ts";
import type { ModelRule } from "./model-rule.ts";

/** The cron expressions can be read, and come true at some time. */
export const cronIsValid: ModelRule = (rule) => {
  for (const key of ["schedule", "checkpoint"] as const) checkCron(key, rule);
};

function checkCron(key: "schedule" | "checkpoint", { model, written }: Parameters<ModelRule>[0]): void {
  const when = written[key];
  if (when === undefined) return;
  const path = typeof when === "string" ? [key] : [key, "cron"];
  const cron = typeof when === "string" ? when : when.cron;
  const problems = cronProblems(cron);
  for (const { message, hint, piece } of problems) {
    model.file.report("CONFIG_INVALID", { path, ...(piece === null ? {} : { piece }) }, message, hint);
  }
  if (problems.length === 0 && namesBothDays(cron)) {
    model.file.warn({ path }, "days of the month and of the week are both named, so only days that are both are meant", "name one of them");
  }
}

/** The zones are ones that this machine knows. */
export const zoneIsKnown: ModelRule = ({ model, written }) => {
  for (const key of ["schedule", "checkpoint"] as const) {
    const when = written[key];
    const timezone = typeof when === "string" ? undefined : when?.timezone;
    if (timezone === undefined || isZone(timezone)) continue;
    const nearest = nearestName(timezone, Intl.supportedValuesOf("timeZone"));
    const hint = nearest === null ? "write it as in Europe/Berlin, or UTC" : `did you mean "${nearest}"?`;
    model.file.report("CONFIG_UNKNOWN_NAME", { path: [key, "timezone"] }, `there is no time zone "${timezone}"`, hint);
  }
};

function isZone(name: string): boolean {
  // An offset such as +01:00 is taken by newer versions of Node alone, and has no rules for its clocks.
  if (/^[+-]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
