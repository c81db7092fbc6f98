import { computeDelta } from "../diffing/compute-delta.ts";
import { foldBase } from "../diffing/fold-base.ts";
import { doneKey } from "../files/file-template.ts";
import { buildClaim, buildManifest } from "../files/manifest.ts";
import { resolveMapping } from "../files/mapping.ts";
import { writeFiles } from "../files/write-files.ts";
import type { RunParts } from "./sync-deps.ts";

/** The real parts of a run. */
export const runParts: RunParts = {
  resolveMapping,
  computeDelta,
  foldBase,
  writeFiles,
  manifest: ({ plan, stream, mapping, previous }) => buildManifest({ ...plan, previous, format: stream.fileFormat, mapping }),
  doneKey,
  claim: buildClaim,
};
