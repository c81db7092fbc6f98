import { suggestName } from "../suggest.ts";
import type { ModelRule } from "./model-rule.ts";

const MODEL_NAME = /^[a-z][a-z0-9_-]*$/;
const MAX_NAME = 100;

/** The file's stem is the model's name and stands in keys and paths. */
export const nameIsValid: ModelRule = ({ model }) => {
  if (MODEL_NAME.test(model.name) && model.name.length <= MAX_NAME) return;
  const better = model.name
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "_")
    .replace(/^[^a-z]+/, "")
    .slice(0, MAX_NAME);
  const hint = better === "" ? "lower-case letters, digits, `_` and `-`, a letter first" : `rename the file to ${better}.yaml`;
  model.file.report("CONFIG_INVALID", { path: [] }, `"${model.name}" cannot be the name of a model`, hint);
};

/** The source exists. */
export const sourceExists: ModelRule = ({ model, written }, known) => {
  if (known.sources === null || known.sources.includes(written.source)) return;
  const hint = suggestName(written.source, known.sources) ?? "add it below sources in config.yaml";
  model.file.report("CONFIG_UNKNOWN_NAME", { path: ["source"] }, `there is no source "${written.source}"`, hint);
};

/** The destination exists. */
export const destinationExists: ModelRule = ({ model, written }, known) => {
  const { destination } = written;
  if (destination === undefined || known.destinations === null || known.destinations.includes(destination)) return;
  const hint = suggestName(destination, known.destinations) ?? "add it below destinations in config.yaml";
  model.file.report("CONFIG_UNKNOWN_NAME", { path: ["destination"] }, `there is no destination "${destination}"`, hint);
};

/** Every alert exists. */
export const alertsExist: ModelRule = ({ model, written }, known) => {
  for (const [index, name] of written.alerts.entries()) {
    if (known.alerts === null || known.alerts.includes(name)) continue;
    const hint = suggestName(name, known.alerts) ?? "add it below alerts in config.yaml";
    model.file.report("CONFIG_UNKNOWN_NAME", { path: ["alerts", index] }, `there is no alert "${name}"`, hint);
  }
};

/** A label or a kind of change is named once. */
export const listsNameOnce: ModelRule = ({ model, written }) => {
  for (const key of ["tags", "changes", "ignore_changes_in", "alerts"] as const) {
    const value = written[key] ?? [];
    const list: readonly string[] = Array.isArray(value) ? value : [];
    for (const [index, item] of list.entries()) {
      if (list.indexOf(item) < index) model.file.warn({ path: [key, index] }, `"${item}" stands in ${key} twice`);
    }
  }
};
