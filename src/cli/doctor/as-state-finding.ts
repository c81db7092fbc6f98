import type { Finding } from "./finding.ts";

/** What an examined bucket shows, seen as a state root: it has to honour conditions, and its failures are the state's. */
export function asStateFinding(found: Finding): Finding {
  if (found.area !== "state") return found;
  if (found.check === "conditions" && found.status === "warn") {
    const fix = "Keep the state in a folder, on AWS S3, or in a store that honours If-None-Match.";
    return { ...found, status: "fail", detail: "the store does not honour If-None-Match", fix, code: "STATE_CONDITIONS_IGNORED" };
  }
  if (found.check === "read" && found.status === "ok") return { ...found, detail: "looked at" };
  return found.code?.startsWith("DESTINATION_") === true ? { ...found, code: "STATE_UNAVAILABLE" } : found;
}
