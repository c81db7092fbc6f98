import { SyncError } from "../core/errors.ts";

const WITH_ZONE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/;

/** The instant that an option names; null when it names none. A time without its zone is refused, because hosts differ. */
export function parseInstant(option: string, text: string | null): Date | null {
  if (text === null) return null;
  const instant = new Date(text);
  if (WITH_ZONE.test(text) && !Number.isNaN(instant.getTime())) return instant;
  throw new SyncError("USAGE", `${option} ${text} is no instant.`, {
    hint: `Write it with its zone: ${option} 2026-11-23T06:00:00+01:00.`,
  });
}

/** The instant that --slot names; see parseInstant. */
export function parseSlot(text: string | null): Date | null {
  return parseInstant("--slot", text);
}
