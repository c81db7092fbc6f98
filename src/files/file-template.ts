import type { Stream } from "../core/types.ts";
import { changeNames } from "./change-groups.ts";
import { objectKey } from "./object-key.ts";
import type { KeyTemplate, KeyValues } from "./print-key.ts";

/** What the names of a stream's objects depend on. */
export type NamedStream = Pick<Stream, "name" | "model" | "delivery" | "fileFormat">;

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
  return template === null ? null : objectKey(template, { ...values, change: "full", part: 1 });
}
