import type { Place } from "../../core/ports.ts";
import type { Stream } from "../../core/types.ts";
import { checkKeyTemplate, keysCanCollide, RESERVED_FOLDER } from "../../files/object-key.ts";
import type { KeyTemplate } from "../../files/print-key.ts";
import { destinationPlace } from "../adapters.ts";
import { compileFile } from "../compile-stream.ts";
import type { CompiledConfig } from "../load-config.ts";
import type { CompiledStream, ProjectRule } from "./project-rule.ts";

/** A model's names of objects are well formed and differ for every generation, change and part. */
export const keysAreValid: ProjectRule = ({ models, compiled }) => {
  for (const { name, written, file } of models) {
    if (written === null) continue;
    const place = placeOf(written.destination, compiled);
    const template = { ...compileFile(written.file), model: name, delivery: null, stream: name };
    for (const { key, message, collides } of checkKeyTemplate(template, place?.type === "s3" ? place.prefix : "")) {
      file.report(collides ? "CONFIG_KEYS_COLLIDE" : "CONFIG_INVALID", { path: ["file", key] }, `file.${key}: ${message}`);
    }
  }
};

/** No destination lies where another one's manifests do. */
export const prefixesLeaveManifestsAlone: ProjectRule = ({ config, compiled }) => {
  const destinations = (compiled?.destinations ?? []).map(({ spec, options }) => ({ name: spec.name, place: destinationPlace(options) }));
  for (const inner of destinations) {
    for (const outer of destinations) {
      const below = relativePrefix(outer.place, inner.place);
      if (below === null || below.split("/")[0]?.toLowerCase() !== RESERVED_FOLDER) continue;
      const key = inner.place.type === "local" ? "path" : "prefix";
      config.file.report(
        "CONFIG_KEYS_COLLIDE",
        { path: ["destinations", inner.name, key] },
        `this is where destination "${outer.name}" keeps its manifests`,
        "choose another",
      );
    }
  }
};

/** Streams that meet in one place never write the same object. */
export const keysAreDisjoint: ProjectRule = ({ streams, compiled }) => {
  for (const [index, later] of streams.entries()) {
    const twin = streams.slice(0, index).find((earlier) => meets(earlier, later, compiled));
    if (twin === undefined) continue;
    const message = `"${later.stream.name}" and "${twin.stream.name}" (${twin.model.file.display}) could write the same object`;
    const key = later.model.file.at(["file", "name"]) === null ? "folder" : "name";
    later.model.file.report("CONFIG_KEYS_COLLIDE", { path: ["file", key] }, message, "put {stream} into folder or name of both");
  }
};

function meets(a: CompiledStream, b: CompiledStream, compiled: CompiledConfig | null): boolean {
  if (a.stream.name === b.stream.name) return false;
  const [left, right] = [placeOf(a.stream.destination.name, compiled), placeOf(b.stream.destination.name, compiled)];
  if (left === null || right === null) return false;
  const [templateA, templateB] = [keyTemplate(a.stream), keyTemplate(b.stream)];
  if (checkKeyTemplate(templateA).length > 0 || checkKeyTemplate(templateB).length > 0) return false;
  const rightBelow = relativePrefix(left, right);
  if (rightBelow !== null) return keysCanCollide(templateA, moved(templateB, rightBelow));
  const leftBelow = relativePrefix(right, left);
  return leftBelow !== null && keysCanCollide(moved(templateA, leftBelow), templateB);
}

function placeOf(destination: string, compiled: CompiledConfig | null): Place | null {
  const found = compiled?.destinations.find(({ spec }) => spec.name === destination);
  return found === undefined ? null : destinationPlace(found.options);
}

function keyTemplate({ fileFormat, model, delivery, name }: Stream): KeyTemplate {
  return { folder: fileFormat.folder, name: fileFormat.name, extension: fileFormat.extension, model, delivery, stream: name };
}

/** The way from one prefix down to another: empty when they are equal, null when the other does not lie below. */
function relativePrefix(outer: Place, inner: Place): string | null {
  if (outer.type !== inner.type || outer.endpoint !== inner.endpoint || outer.bucket !== inner.bucket) return null;
  if (outer.prefix === inner.prefix) return "";
  const start = outer.prefix === "" || outer.prefix.endsWith("/") ? outer.prefix : `${outer.prefix}/`;
  return inner.prefix.startsWith(start) ? inner.prefix.slice(start.length) : null;
}

/** The template as seen from further up. */
function moved(template: KeyTemplate, below: string): KeyTemplate {
  if (below === "") return template;
  const literal = below.replaceAll(/[{}]/gu, "$&$&");
  return { ...template, folder: template.folder === "" ? literal : `${literal}/${template.folder}` };
}
