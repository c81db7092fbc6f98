import type { Place } from "../../core/ports.ts";
import type { FileFormat } from "../../core/types.ts";
import { doneTemplate, fileTemplate } from "../../files/file-template.ts";
import { checkKeyTemplate, keysCanCollide, RESERVED_FOLDER } from "../../files/object-key.ts";
import { keyParts } from "../../files/print-key.ts";
import type { KeyTemplate } from "../../files/print-key.ts";
import { destinationPlace } from "../adapters.ts";
import { compileFile } from "../compile-file.ts";
import type { CompiledConfig } from "../load-config.ts";
import { streamName } from "../load-models.ts";
import type { ModelFile } from "../load-models.ts";
import type { CompiledStream, ProjectRule } from "./project-rule.ts";

/** A model's names of objects are well formed and differ for every generation, change and part. */
export const keysAreValid: ProjectRule = ({ models, compiled }) => {
  for (const model of models) {
    const { written, file } = model;
    if (written === null) continue;
    const place = placeOf(written.destination ?? null, compiled);
    const prefix = place?.type === "s3" ? place.prefix : "";
    for (const { template, keys } of templatesOf({
      fileFormat: compileFile(written),
      model: model.name,
      delivery: model.delivery,
      name: streamName(model),
    })) {
      for (const { key, message, collides } of checkKeyTemplate(template, prefix)) {
        const path = ["file", keys[key]];
        file.report(collides ? "CONFIG_KEYS_COLLIDE" : "CONFIG_INVALID", { path }, `${path.join(".")}: ${message}`);
      }
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
  const named = streams.flatMap((compiledStream) => namedObjects(compiledStream, compiled));
  for (const [index, later] of named.entries()) {
    const twin = named.slice(0, index).find((earlier) => meets(earlier, later));
    if (twin === undefined) continue;
    const { file } = later.model;
    if (later.model === twin.model) {
      const message = "file.done_file could be the key of a file of the stream itself";
      file.report("CONFIG_KEYS_COLLIDE", { path: ["file", "done_file"] }, message, 'e.g. "{stream}-{generation:06}.done"');
      continue;
    }
    const message = `"${streamName(later.model)}" and "${streamName(twin.model)}" (${twin.model.file.display}) could write the same object`;
    const key = later.isDone ? "done_file" : file.at(["file", "name"]) === null ? "folder" : "name";
    file.report(
      "CONFIG_KEYS_COLLIDE",
      { path: ["file", key] },
      message,
      `put {stream} into ${later.isDone ? key : "folder or name"} of both`,
    );
  }
};

/** How a stream names its objects in its place. */
interface NamedObjects {
  readonly model: ModelFile;
  readonly place: Place;
  readonly template: KeyTemplate;
  /** The template is that of the done file. */
  readonly isDone: boolean;
  /** What every key begins with, prefix included, in lower case. */
  readonly start: string;
}

/** None when the names are not valid, which is told already. */
function namedObjects({ stream, model }: CompiledStream, compiled: CompiledConfig | null): readonly NamedObjects[] {
  const place = placeOf(stream.destination.name, compiled);
  if (place === null) return [];
  return templatesOf(stream)
    .filter(({ template }) => checkKeyTemplate(template).length === 0)
    .map(({ template, isDone }) => {
      const parts = keyParts(template);
      const varying = parts.findIndex((part) => part.kind !== "literal");
      const literal = parts.slice(0, varying === -1 ? undefined : varying).map((part) => (part.kind === "literal" ? part.text : ""));
      return { model, place, template, isDone, start: (asFolder(place.prefix) + literal.join("")).toLowerCase() };
    });
}

type NamedStream = Parameters<typeof fileTemplate>[0];

/** How a stream names its files and, where it has one, its done file; and which key of the section each problem belongs to. */
function templatesOf(stream: NamedStream & { readonly fileFormat: FileFormat }) {
  const done = doneTemplate(stream);
  return [
    { template: fileTemplate(stream), isDone: false, keys: { folder: "folder", name: "name" } },
    ...(done === null ? [] : [{ template: done, isDone: true, keys: { folder: "done_file", name: "done_file" } }]),
  ];
}

function meets(a: NamedObjects, b: NamedObjects): boolean {
  // Most streams part ways at the first letters; only the others need a close look.
  if (!a.start.startsWith(b.start) && !b.start.startsWith(a.start)) return false;
  if (a.model.name === b.model.name && a.model.file.path !== b.model.file.path) return false;
  const rightBelow = relativePrefix(a.place, b.place);
  if (rightBelow !== null) return keysCanCollide(a.template, moved(b.template, rightBelow));
  const leftBelow = relativePrefix(b.place, a.place);
  return leftBelow !== null && keysCanCollide(moved(a.template, leftBelow), b.template);
}

function placeOf(destination: string | null, compiled: CompiledConfig | null): Place | null {
  const found = compiled?.destinations.find(({ spec }) => spec.name === destination);
  return found === undefined ? null : destinationPlace(found.options);
}

/** The way from one prefix down to another: empty when they are equal, null when the other does not lie below. */
function relativePrefix(outer: Place, inner: Place): string | null {
  if (outer.type !== inner.type || outer.endpoint !== inner.endpoint || outer.bucket !== inner.bucket) return null;
  if (outer.prefix === inner.prefix) return "";
  const start = asFolder(outer.prefix);
  return inner.prefix.startsWith(start) ? inner.prefix.slice(start.length) : null;
}

/** The template as seen from further up. */
function moved(template: KeyTemplate, below: string): KeyTemplate {
  if (below === "") return template;
  const literal = below.replaceAll(/[{}]/gu, "$&$&");
  return { ...template, folder: template.folder === "" ? literal : `${literal}/${template.folder}` };
}

function asFolder(prefix: string): string {
  return prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
}
