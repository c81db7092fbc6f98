import type { OptionBag, OptionSpec } from "./command.ts";
import type { StreamChoice } from "./stream-choice.ts";

/** Options that choose streams. */
export const CHOICE: readonly OptionSpec[] = [
  { flags: "-m, --model <name...>", description: "models or streams, globs allowed (users, users.acme, 'eu-*')", kind: "list" },
  {
    flags: "-s, --select <what...>",
    description: "tag:NAME, destination:NAME or status:new|ok|unfinished|held|failed|retired",
    kind: "list",
  },
  { flags: "--exclude <name...>", description: "leave these out, globs allowed", kind: "list" },
];

/** The choice that a person typed. */
export function choice(bag: OptionBag): StreamChoice {
  return { models: bag.list("model"), select: bag.list("select"), exclude: bag.list("exclude"), all: bag.flag("all") };
}
