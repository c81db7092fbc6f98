import type { Clock } from "../../core/clock.ts";
import { examineS3 } from "../../s3/s3-doctor.ts";
import type { S3Options } from "../../s3/s3-options.ts";
import type { DoctorArea, Finding } from "./finding.ts";

/** A bucket to examine, and what for. */
export interface ExaminedBucket {
  readonly area: "state" | "destination";
  readonly subject: string;
  readonly options: S3Options;
}

/** Everything that can be tried on a bucket; its clock counts as an area of its own. */
export async function* checkS3(
  bucket: ExaminedBucket,
  only: ReadonlySet<DoctorArea>,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  for await (const { name, ...found } of examineS3(bucket.options, { sessionName: "spillway-doctor", clock }, signal)) {
    const area = name === "clock" ? "clock" : bucket.area;
    if (only.has(area)) yield { ...found, area, subject: bucket.subject, check: name };
    // The clock comes first, and asks for nothing that needs a right.
    if (!only.has(bucket.area)) return;
  }
}
