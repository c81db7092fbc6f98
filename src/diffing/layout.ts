import { randomBytes } from "node:crypto";
import type { Layout } from "../core/delta.ts";
import { CANONICAL_VERSION } from "../engine/canonical-text.ts";
import { MARK_LENGTH } from "../engine/row-text.ts";
import type { DeltaRequest } from "./delta-request.ts";

/** The layout of a request: the snapshot's own, salt included, when nothing but the salt could differ; else one with a new salt. */
export function layoutOf(request: DeltaRequest): Layout {
  const layout: Omit<Layout, "salt"> = {
    canonicalVersion: CANONICAL_VERSION,
    columns: request.projection.columns,
    keyCount: request.projection.keyCount,
    ignoredCount: request.projection.ignoredCount,
    outputs: request.outputs.map(({ name, kind, ignored }) => ({ name, kind, ignored })),
    mapping: request.mappingText,
    changes: request.changes,
  };
  const known = request.snapshot?.layout;
  if (known !== undefined && layoutText(known) === layoutText(layout)) return known;
  return { salt: newSalt(), ...layout };
}

/**
 * 30 bits that only the state root knows, short enough to be the mark of each line. Whoever writes the data and wants two rows to collide has to
 * know them beforehand, for a collision of MD5 is made for one beginning.
 */
function newSalt(): string {
  return randomBytes(MARK_LENGTH).toString("base64url").slice(0, MARK_LENGTH);
}

/** A layout without its salt, as comparable text. */
function layoutText(layout: Omit<Layout, "salt">): string {
  return JSON.stringify([
    layout.canonicalVersion,
    layout.columns.map(({ name, type, kind }) => [name, type, kind]),
    layout.keyCount,
    layout.ignoredCount,
    layout.outputs.map(({ name, kind, ignored }) => [name, kind, ignored]),
    layout.mapping,
    layout.changes.toSorted(),
  ]);
}
