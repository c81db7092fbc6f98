import { suggestName } from "../../config/suggest.ts";
import { SyncError } from "../../core/errors.ts";

/** The source or destination that was named, or the only one that there is. */
export function pickOne(what: "source" | "destination", asked: string | null, known: readonly string[]): string {
  if (asked !== null) {
    if (known.includes(asked)) return asked;
    const hint = suggestName(asked, known);
    throw new SyncError("CONFIG_UNKNOWN_NAME", `There is no ${what} "${asked}" in the configuration.`, hint === null ? {} : { hint });
  }
  const [only, second] = known;
  if (only === undefined) {
    throw new SyncError("USAGE", `The configuration has no ${what} yet.`, { hint: `Add one below \`${what}s\` in config.yaml.` });
  }
  if (second === undefined) return only;
  throw new SyncError("USAGE", `Which ${what}? There are ${known.join(", ")}.`, { hint: `--${what} ${only}` });
}

const NAME = /^[a-z][a-z0-9_-]{0,49}$/;

/** A name that models may have; one that a person gave is taken as it is or refused. */
export function modelName(from: string, isGiven: boolean): string {
  if (NAME.test(from)) return from;
  if (isGiven) {
    throw new SyncError("USAGE", `"${from}" cannot be the name of a model.`, {
      hint: "Lower-case letters, digits, `_` and `-`, a letter first.",
    });
  }
  const made = from
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, "_")
    .replace(/^[^a-z]+/, "")
    .slice(0, 50);
  if (NAME.test(made)) return made;
  throw new SyncError("USAGE", `No name for a model can be made of "${from}".`, { hint: "Give one: --name NAME." });
}
