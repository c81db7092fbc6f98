import { runView } from "../../serve/http/run-view.ts";
import type { RunRecord } from "../../state/documents.ts";

/** A run as --json tells it: the same as over HTTP. */
export function runData(run: RunRecord): Readonly<Record<string, unknown>> {
  return runView(run);
}
