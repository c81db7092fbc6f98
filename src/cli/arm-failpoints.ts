import { SyncError } from "../core/errors.ts";
import { armFailpoints, FAILPOINTS, type Failpoint } from "../core/failpoint.ts";

/** What happens at an armed failpoint. */
export type Strike = (signal: "SIGKILL" | "SIGSTOP") => void;

/** Arms the failpoint that SPILLWAY_FAILPOINT names (`name[:nth]=kill|stop`); for crash tests. */
export function armFromEnvironment(written: string | undefined, strike: Strike): void {
  if (written === undefined || written === "") return;
  const match = /^(?<name>[a-z.-]+)(?::(?<nth>[1-9]\d*))?=(?<action>kill|stop)$/.exec(written);
  const name = match?.groups?.["name"];
  if (match === null || name === undefined || !isFailpoint(name)) {
    throw new SyncError("USAGE", "SPILLWAY_FAILPOINT does not read as name[:nth]=kill|stop.", { hint: `Names: ${FAILPOINTS.join(", ")}.` });
  }
  let left = Number(match.groups?.["nth"] ?? "1");
  const signal = match.groups?.["action"] === "kill" ? "SIGKILL" : "SIGSTOP";
  armFailpoints((reached) => {
    if (reached !== name) return;
    left -= 1;
    if (left === 0) strike(signal);
  });
}

function isFailpoint(name: string): name is Failpoint {
  return (FAILPOINTS as readonly string[]).includes(name);
}
