import { SyncError } from "../core/errors.ts";
import type { ObjectStore, Place } from "../core/ports.ts";
import { placeText } from "../core/readable.ts";
import { type CopyMark, markCopying, readRootMarks, ROOT_PREFIX, stateMoved } from "../state/root-marks.ts";
import { samePlace } from "./stream-identity.ts";

/** Refuses a new place that is the old one, or one inside of the other. */
export function refuseOverlap(from: Place, to: Place): void {
  const isInside = (a: Place, b: Place): boolean => samePlace({ ...a, prefix: "" }, { ...b, prefix: "" }) && below(a.prefix, b.prefix);
  if (!isInside(from, to) && !isInside(to, from)) return;
  const what = samePlace(from, to) ? "is the state root itself" : "and the state root lie inside of one another";
  throw new SyncError("STATE_COPY_REFUSED", `${placeText(to)} ${what} (${placeText(from)}).`, {
    hint: "Name a place of its own: --to s3://bucket/prefix, or another folder.",
  });
}

function below(outer: string, inner: string): boolean {
  const [a, b] = [outer, inner].map((prefix) => (prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`));
  return b?.startsWith(a ?? "") === true;
}

/** Makes sure that the new place is empty, or holds what was copied so far from this very root, and marks it as a copy that is not finished. */
export async function prepareTarget(to: ObjectStore, mark: CopyMark, signal: AbortSignal): Promise<"ready" | "finished"> {
  const { moved, copying, isCopied } = await readRootMarks(to, signal);
  if (moved !== null) throw stateMoved(null, moved);
  if (copying !== null && copying.from !== mark.from) {
    throw new SyncError("STATE_COPY_REFUSED", `${placeText(to.place)} holds a copy of another state root: ${copying.from}.`, {
      hint: "Name a place that nothing is stored under.",
    });
  }
  if (isCopied) return "finished";
  if (copying !== null) return "ready";
  const [stranger] = (await to.list("", signal)).filter((key) => !key.startsWith(ROOT_PREFIX));
  if (stranger !== undefined) {
    throw new SyncError("STATE_COPY_REFUSED", `${placeText(to.place)} is not empty: ${stranger} stands there.`, {
      hint: "Name a new folder, or a prefix that nothing is stored under.",
    });
  }
  await markCopying(to, mark, signal);
  return "ready";
}
