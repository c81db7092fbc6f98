import { readSettings, type Setting } from "../../config/settings.ts";
import { SyncError } from "../../core/errors.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { table } from "../render/table.ts";

interface ShowOptions {
  /** Models whose values are shown; empty = config.yaml and all of them. */
  readonly models: readonly string[];
  /** Where each value stands. */
  readonly origin: boolean;
}

/** Of long values, such as SQL, a line is enough where people read; --json has them whole. */
const WIDEST = 80;

/** Prints every value that is in effect, secrets hidden. */
export async function showConfig(options: ShowOptions, context: CommandContext): Promise<CommandOutcome> {
  const { host, globals, signal } = context;
  const load = { configFile: globals.configFile, env: host.env, cwd: host.cwd, target: globals.target, signal };
  const settings = chosen(await readSettings(load), options.models);
  const scopes = [...new Set(settings.map(({ scope }) => scope))];
  const text = scopes.map((scope) => {
    const rows = settings.filter((setting) => setting.scope === scope).map((setting) => row(setting, options, context));
    return `${context.paint.strong(scope)}\n${table(rows)}`;
  });
  const data = settings.map(({ scope, key, value, origin }) => ({
    scope,
    key,
    value,
    ...(options.origin ? { origin: origin ?? "default" } : {}),
  }));
  return { data: { target: globals.target, settings: data }, text: text.join("\n\n") };
}

function row({ key, value, origin }: Setting, options: ShowOptions, { paint }: CommandContext): readonly string[] {
  const short = value.length > WIDEST ? `${value.slice(0, WIDEST - 1)}…` : value;
  return [`  ${key}`, short, ...(options.origin ? [paint.faint(origin ?? "default")] : [])];
}

function chosen(settings: readonly Setting[], models: readonly string[]): readonly Setting[] {
  if (models.length === 0) return settings;
  const unknown = models.find((model) => !settings.some(({ scope }) => scope === model));
  if (unknown !== undefined)
    throw new SyncError("STREAM_UNKNOWN", `No model is called "${unknown}".`, { hint: "See the names with `sync ls`." });
  return settings.filter(({ scope }) => models.includes(scope));
}
