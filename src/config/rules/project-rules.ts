import { relative, sep } from "node:path";
import { isLoopback } from "../../core/loopback.ts";
import type { Place } from "../../core/ports.ts";
import { destinationPlace, statePlace } from "../adapters.ts";
import { keysAreDisjoint, keysAreValid, prefixesLeaveManifestsAlone } from "./key-rules.ts";
import type { ProjectRule } from "./project-rule.ts";

/** Two files with one stem would be one model. */
const modelNamesDiffer: ProjectRule = ({ models }) => {
  const seen = new Map<string, string>();
  for (const { name, file } of models) {
    const twin = seen.get(name);
    if (twin === undefined) seen.set(name, file.display);
    else if (twin !== file.display)
      file.report("CONFIG_INVALID", { path: [] }, `${twin} is the model "${name}" already`, "rename one of the two files");
  }
};

/** What is delivered must not be written among the files of the state. */
const destinationsAreOutsideState: ProjectRule = ({ config, compiled }) => {
  if (compiled === null) return;
  const state = statePlace(compiled.state);
  for (const { spec, options } of compiled.destinations) {
    if (!liesIn(destinationPlace(options), state)) continue;
    const [key, what, advice] =
      options.type === "local"
        ? ["path", "the folder lies in the state folder", "choose one beside it"]
        : ["prefix", "the prefix lies among the objects of the state", "choose one beside it"];
    config.file.report("CONFIG_INVALID", { path: ["destinations", spec.name, key] }, what, advice);
  }
};

function liesIn(place: Place, state: Place): boolean {
  if (place.type !== state.type || place.endpoint !== state.endpoint || place.bucket !== state.bucket) return false;
  if (place.type !== "local") return `${place.prefix}/`.startsWith(state.prefix === "" ? "" : `${state.prefix}/`);
  const below = relative(state.prefix, place.prefix);
  return below === "" || (below !== ".." && !below.startsWith(`..${sep}`));
}

/** Who is not on this machine must not start runs without being asked who he is. */
const othersNeedToken: ProjectRule = ({ config, compiled }) => {
  if (compiled === null || compiled.serve.token !== null || isLoopback(compiled.serve.host)) return;
  config.file.report(
    "CONFIG_INVALID",
    { path: ["serve", "host"] },
    `"${compiled.serve.host}" can be reached by others, so a token is needed`,
    "add serve.token, e.g. `token: ${SPILLWAY_TOKEN}`",
  );
};

/** A source or destination that no model uses is often a slip in a model. */
const everythingIsUsed: ProjectRule = ({ config, compiled, models }) => {
  if (compiled === null || models.length === 0 || models.some(({ written }) => written === null)) return;
  const written = models.flatMap((model) => (model.written === null ? [] : [model.written]));
  const kinds = [
    { key: "sources", names: config.sourceNames ?? [], used: written.map(({ source }) => source) },
    { key: "destinations", names: config.destinationNames ?? [], used: written.flatMap(({ destination }) => destination ?? []) },
  ];
  for (const { key, names, used } of kinds) {
    for (const name of names)
      if (!used.includes(name)) config.file.warn({ path: [key, name], at: "key" }, `no model uses ${key.slice(0, -1)} "${name}"`);
  }
  const told = written.flatMap(({ alerts }) => alerts);
  for (const name of config.alertNames ?? []) {
    if (!told.includes(name)) config.file.warn({ path: ["alerts", name], at: "key" }, `no model tells alert "${name}"`);
  }
};

/** Everything that takes more than one file to check; all of them run. */
export const PROJECT_RULES: readonly ProjectRule[] = [
  modelNamesDiffer,
  destinationsAreOutsideState,
  othersNeedToken,
  everythingIsUsed,
  keysAreValid,
  prefixesLeaveManifestsAlone,
  keysAreDisjoint,
];
