import { cronProblems, namesBothDays } from "../../core/cron.ts";
import { nearestName } from "../../core/nearest-name.ts";
import type { ModelRule } from "./model-rule.ts";

/** The cron expression can be read, and comes true at some time. */
export const cronIsValid: ModelRule = ({ model, written }) => {
  const { schedule } = written;
  if (schedule === undefined) return;
  const path = typeof schedule === "string" ? ["schedule"] : ["schedule", "cron"];
  const cron = typeof schedule === "string" ? schedule : schedule.cron;
  const problems = cronProblems(cron);
  for (const { message, hint, piece } of problems) {
    model.file.report("CONFIG_INVALID", { path, ...(piece === null ? {} : { piece }) }, message, hint);
  }
  if (problems.length === 0 && namesBothDays(cron)) {
    model.file.warn({ path }, "days of the month and of the week are both named, so only days that are both are meant", "name one of them");
  }
};

/** The zone is one that this machine knows. */
export const zoneIsKnown: ModelRule = ({ model, written }) => {
  const { schedule } = written;
  if (schedule === undefined || typeof schedule === "string" || isZone(schedule.timezone)) return;
  const nearest = nearestName(schedule.timezone, Intl.supportedValuesOf("timeZone"));
  const hint = nearest === null ? "write it as in Europe/Berlin, or UTC" : `did you mean "${nearest}"?`;
  model.file.report("CONFIG_UNKNOWN_NAME", { path: ["schedule", "timezone"] }, `there is no time zone "${schedule.timezone}"`, hint);
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
