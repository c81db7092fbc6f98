import { relative, sep } from "node:path";
import { keysAreDisjoint, keysAreValid, prefixesLeaveManifestsAlone } from "./key-rules.ts";
import type { ProjectRule } from "./project-rule.ts";

/** Two files with one stem would be one model. */
const modelNamesDiffer: ProjectRule = ({ models }) => {
  const seen = new Map<string, string>();
  for (const { name, file } of models) {
    const twin = seen.get(name);
    if (twin === undefined) seen.set(name, file.display);
    else file.report("CONFIG_INVALID", { path: [] }, `${twin} is the model "${name}" already`, "rename one of the two files");
  }
};

/** What is delivered must not be written among the files of the state. */
const destinationsAreOutsideState: ProjectRule = ({ config, compiled }) => {
  if (compiled === null) return;
  for (const { spec, options } of compiled.destinations) {
    if (options.type !== "local") continue;
    const below = relative(compiled.state.path, options.path);
    const isInside = below === "" || (below !== ".." && !below.startsWith(`..${sep}`));
    if (isInside)
      config.file.report(
        "CONFIG_INVALID",
        { path: ["destinations", spec.name, "path"] },
        "the folder lies in the state folder",
        "choose one beside it",
      );
  }
};

/** A source or destination that no model uses is often a slip in a model. */
const everythingIsUsed: ProjectRule = ({ config, compiled, models }) => {
  if (compiled === null || models.length === 0 || models.some(({ written }) => written === null)) return;
  const written = models.flatMap((model) => (model.written === null ? [] : [model.written]));
  const kinds = [
    { key: "sources", names: config.sourceNames ?? [], used: written.map(({ source }) => source) },
    { key: "destinations", names: config.destinationNames ?? [], used: written.map(({ destination }) => destination) },
  ];
  for (const { key, names, used } of kinds) {
    for (const name of names)
      if (!used.includes(name)) config.file.warn({ path: [key, name], at: "key" }, `no model uses ${key.slice(0, -1)} "${name}"`);
  }
};

/** Everything that takes more than one file to check; all of them run. */
export const PROJECT_RULES: readonly ProjectRule[] = [
  modelNamesDiffer,
  destinationsAreOutsideState,
  everythingIsUsed,
  keysAreValid,
  prefixesLeaveManifestsAlone,
  keysAreDisjoint,
];
