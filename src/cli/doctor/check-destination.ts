import type { Clock } from "../../core/clock.ts";
import type { DestinationSpec } from "../../core/types.ts";
import type { FolderOptions } from "../../folder/folder-options.ts";
import { openFolderStore } from "../../folder/folder-store.ts";
import type { S3Options } from "../../s3/s3-options.ts";
import { newRunId } from "../run-id.ts";
import { checkS3 } from "./check-s3.ts";
import { checkSpace, checkStore } from "./check-store.ts";
import type { DoctorArea, Finding } from "./finding.ts";

/** Tries everything that a delivery asks of a destination. */
export async function* checkDestination(
  spec: DestinationSpec,
  only: ReadonlySet<DoctorArea>,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  const name = { area: "destination", subject: spec.name } as const;
  if (spec.type === "s3") {
    // The configuration's schema made the options.
    yield* checkS3({ ...name, options: spec.options as S3Options }, only, clock, signal);
  } else if (only.has("destination")) {
    const { path } = spec.options as FolderOptions;
    await using store = openFolderStore({ path, role: "destination" });
    const wrote = await checkStore({ ...name, check: "write" }, store, { clock, key: `_spillway/doctor-${newRunId(clock)}` }, signal);
    yield wrote;
    if (wrote.status !== "fail") yield await checkSpace({ ...name, check: "space" }, path);
  }
}
