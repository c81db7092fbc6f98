import picomatch from "picomatch";
import { SyncError } from "../core/errors.ts";
import { STREAM_STATES, type StreamState } from "../core/stream-states.ts";
import type { Project, Stream } from "../core/types.ts";
import { suggestName } from "./suggest.ts";

/** Which streams a person chose. Names in `models` and `exclude` may hold globs: `users`, `users.acme`, `crm_*`. */
export interface StreamSelection {
  readonly models?: readonly string[];
  /** `tag:growth`, `destination:partner`, `status:held`; a stream that any of them fits is chosen. */
  readonly select?: readonly string[];
  /** Names or `tag:`/`destination:` that are left out of what was chosen. */
  readonly exclude?: readonly string[];
  readonly all?: boolean;
  /** How each stream stands, for `status:held` and the like; whoever asks for those has to look. */
  readonly stateOf?: (stream: string) => StreamState;
}

type Selectable = Pick<Project, "streams" | "destinations"> & Pick<StreamSelection, "stateOf">;

/** Whether a choice can only be made by one who has looked how the streams stand. */
export function asksForState({ select = [], exclude = [] }: StreamSelection): boolean {
  return [...select, ...exclude].some((text) => text.startsWith(BY_STATUS));
}

const BY_STATUS = "status:";

/**
 * The chosen streams in the project's order, also those that are switched off. STREAM_UNKNOWN names what matches nothing;
 * STREAM_NOT_CHOSEN when nothing was chosen and there are several.
 */
export function selectStreams(chosenFrom: Pick<Project, "streams" | "destinations">, selection: StreamSelection): readonly Stream[] {
  const { models = [], select = [], exclude = [], all = false, stateOf } = selection;
  const project: Selectable = { ...chosenFrom, ...(stateOf === undefined ? {} : { stateOf }) };
  const chosen = choose(project, models, select, all);
  const left = exclude.flatMap((text) => matches(project, text));
  const streams = chosen.filter((stream) => !left.includes(stream));
  if (streams.length === 0 && chosen.length > 0) {
    throw new SyncError("STREAM_UNKNOWN", "Every stream that was chosen is excluded again.", {
      hint: "Drop an --exclude, or choose more streams.",
    });
  }
  return streams;
}

function choose(project: Selectable, models: readonly string[], select: readonly string[], all: boolean): readonly Stream[] {
  const { streams } = project;
  if (all) return streams;
  if (models.length > 0 || select.length > 0) {
    const byName = new Set(models.flatMap((text) => byGlob(project, text)));
    const bySelector = new Set(select.flatMap((text) => matches(project, text)));
    const isIn = (set: ReadonlySet<Stream>, given: readonly string[], stream: Stream): boolean => given.length === 0 || set.has(stream);
    return refuseNone(
      streams.filter((stream) => isIn(byName, models, stream) && isIn(bySelector, select, stream)),
      select,
    );
  }
  if (streams.length <= 1) return streams;
  throw new SyncError("STREAM_NOT_CHOSEN", `The project has ${streams.length} streams and none was chosen.`, {
    hint: `Name one with -m (${streams.slice(0, 3).map(nameOf).join(", ")}${streams.length > 3 ? ", …" : ""}), choose with -s tag:NAME, or take them with --all.`,
  });
}

function refuseNone(streams: readonly Stream[], select: readonly string[]): readonly Stream[] {
  if (streams.length > 0) return streams;
  const states = select.filter((text) => text.startsWith(BY_STATUS)).map((text) => text.slice(BY_STATUS.length));
  if (states.length > 0) {
    throw new SyncError("STREAM_UNKNOWN", `No stream that was chosen is ${states.join(" or ")} now.`, {
      hint: "`sync status` shows how each one stands.",
    });
  }
  throw new SyncError("STREAM_UNKNOWN", "No stream fits both -m and -s.", { hint: "See names and tags with `sync ls`." });
}

/** Streams that a selector of `-s` or `--exclude` fits; without `tag:` or `destination:` it is a name. */
function matches(project: Selectable, text: string): readonly Stream[] {
  const colon = text.indexOf(":");
  if (colon === -1) return byGlob(project, text);
  const [method, value] = [text.slice(0, colon), text.slice(colon + 1)];
  switch (method) {
    case "tag":
      return byValue(text, value, project.streams, (stream) => stream.tags);
    case "destination": {
      const names = project.destinations.map(nameOf);
      return byValue(text, value, project.streams, (stream) => [stream.destination.name], names);
    }
    case "status":
      return byState(project, text, value);
    default:
      throw new SyncError("STREAM_UNKNOWN", `"${text}" is no way to choose streams.`, {
        hint: "Use tag:NAME, destination:NAME or status:held.",
      });
  }
}

/** None that stands so is no mistake, unlike a word for no state at all. */
function byState({ streams, stateOf }: Selectable, text: string, value: string): readonly Stream[] {
  if (!STREAM_STATES.some((state) => state === value))
    throw unknown(`No stream can stand as "${text}" says.`, value, new Set(STREAM_STATES));
  return streams.filter(({ name }) => stateOf?.(name) === value);
}

function byGlob({ streams }: Selectable, text: string): readonly Stream[] {
  const fits = matcher(text);
  const found = streams.filter(({ name, model }) => fits(name) || fits(model));
  if (found.length > 0) return found;
  const names = new Set(streams.flatMap(({ name, model }) => [name, model]));
  throw unknown(`No stream is called "${text}".`, text, names);
}

function byValue(
  text: string,
  value: string,
  streams: readonly Stream[],
  valuesOf: (stream: Stream) => readonly string[],
  known: readonly string[] = [],
): readonly Stream[] {
  const fits = matcher(value);
  const found = streams.filter((stream) => valuesOf(stream).some(fits));
  if (found.length > 0) return found;
  throw unknown(`No stream fits "${text}".`, value, new Set([...known, ...streams.flatMap(valuesOf)]));
}

function matcher(pattern: string): (text: string) => boolean {
  const fits = picomatch(pattern, { nobrace: true, noextglob: true, strictSlashes: true, dot: true });
  return (text) => text === pattern || fits(text);
}

function unknown(message: string, wanted: string, known: ReadonlySet<string>): SyncError {
  const suggestion = suggestName(wanted, known);
  const hint = suggestion === null ? null : suggestion.charAt(0).toUpperCase() + suggestion.slice(1);
  return new SyncError("STREAM_UNKNOWN", message, { hint: hint ?? "The project has no streams: add a model file." });
}

function nameOf(named: { readonly name: string }): string {
  return named.name;
}
