import type { Stream } from "../core/types.ts";
import { wallClock } from "../core/wall-clock.ts";
import { changeNames } from "./change-groups.ts";
import { objectKey } from "./object-key.ts";
import type { KeyTemplate, KeyValues } from "./print-key.ts";

/** What the names of a stream's objects depend on. */
export type NamedStream = Pick<Stream, "name" | "model" | "delivery" | "fileFormat" | "schedule">;

/** The slot as names show it: in the zone of the stream's schedule. */
export function shownSlot({ schedule }: Pick<Stream, "schedule">, scheduledAt: Date): Date {
  return wallClock(scheduledAt, schedule?.timezone ?? "UTC");
}

/** How a stream names its files. */
export function fileTemplate({ name: stream, model, delivery, fileFormat }: NamedStream): KeyTemplate {
  const { folder, name, extension, splitBy, overwrite } = fileFormat;
  return { folder, name, extension, splitBy, overwrite, model, delivery, stream, changes: changeNames(fileFormat) };
}

/** How a stream names its done file; null when it has none. */
export function doneTemplate({ name: stream, model, delivery, fileFormat }: NamedStream): KeyTemplate | null {
  if (fileFormat.doneFile === null) return null;
  return { folder: "", name: fileFormat.doneFile, extension: "", single: true, model, delivery, stream };
}

/** The key of a generation's done file; null when the stream has none. */
export function doneKey(stream: NamedStream, values: Pick<KeyValues, "generation" | "run" | "scheduledAt">): string | null {
  const template = doneTemplate(stream);
  if (template === null) return null;
  const scheduledAt = shownSlot(stream, values.scheduledAt);
  return objectKey(template, { ...values, scheduledAt, change: "full", part: 1 });
}
