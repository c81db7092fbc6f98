import { parseArgs } from "node:util";
import { explore } from "./explore.ts";
import { boundsWithout, KNOWN_VIOLATIONS } from "./known-violations.ts";
import { type Bounds, RULE_NAMES, RULES, SMALL } from "./rules.ts";
import { DEFAULT_WORLDS, LARGE_WORLDS } from "./worlds.ts";

const USAGE = `npm run model                        searches every world, and what each rule prevents
npm run model -- --world "two keys"  only that one
npm run model -- --off last-look     the shortest history in which a rule that is switched off does its harm

worlds: ${Object.keys({ ...DEFAULT_WORLDS, ...LARGE_WORLDS }).join(" · ")}
rules:
${RULE_NAMES.map((rule) => `  ${rule.padEnd(17)} ${RULES[rule].says}`).join("\n")}`;

const { values } = parseArgs({ options: { world: { type: "string" }, off: { type: "string" }, help: { type: "boolean" } } });
const worlds = Object.entries({ ...DEFAULT_WORLDS, ...LARGE_WORLDS }).filter(
  ([name]) => values.world === undefined || name === values.world,
);
const rules = RULE_NAMES.filter((rule) => values.off === undefined || rule === values.off);

if (values.help === true || worlds.length === 0 || rules.length === 0) {
  console.log(USAGE);
  process.exitCode = values.help === true ? 0 : 2;
} else {
  if (values.off === undefined) for (const [name, bounds] of worlds) search(name, bounds, null);
  if (values.world === undefined) {
    for (const rule of rules) {
      search(`without ${rule}`, boundsWithout(rule), KNOWN_VIOLATIONS[rule].breaks, values.off !== undefined);
      search(`the same with ${rule}`, { ...SMALL, ...KNOWN_VIOLATIONS[rule].world }, null);
    }
  }
}

/** Searches one world and says whether it came to what was expected. */
function search(name: string, bounds: Bounds, breaks: string | null, tells = false): void {
  const started = performance.now();
  const { states, steps, violation } = explore(bounds);
  const isAsExpected = (violation?.invariant ?? null) === breaks;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${isAsExpected ? "ok  " : "FAIL"} ${name}: ${violation?.message ?? "all hold"} (${states} states, ${steps} steps, ${seconds} s)`,
  );
  if (!isAsExpected) process.exitCode = 1;
  if (violation !== null && (tells || !isAsExpected)) console.log(violation.trace.map((step, at) => `  ${at + 1}. ${step}`).join("\n"));
}
