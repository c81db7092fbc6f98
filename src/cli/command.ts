import type { SyncError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Host } from "./host.ts";
import type { Paint } from "./paint.ts";

/** Options that every command takes. */
export interface GlobalOptions {
  readonly configFile: string;
  /** null: none. */
  readonly target: string | null;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
  readonly yes: boolean;
}

/** What a command is given beside its own options. */
export interface CommandContext {
  readonly host: Host;
  readonly globals: GlobalOptions;
  readonly log: Log;
  /** Colours for what goes to stdout. */
  readonly paint: Paint;
  readonly signal: AbortSignal;
}

/** What a command came to. `data` goes out under --json (keys become snake_case), `text` otherwise. */
export interface CommandOutcome {
  readonly data: unknown;
  readonly text: string;
  /** 0 when left out. */
  readonly exit?: number;
  readonly warnings?: readonly string[];
  /** Why `exit` is not 0, for a command that has data to show all the same. */
  readonly error?: SyncError;
  /** Told before `error`, each by itself. */
  readonly causes?: readonly SyncError[];
}

/** What a person typed for one command, by option name. */
export interface OptionBag {
  text(name: string): string | null;
  flag(name: string): boolean;
  list(name: string): readonly string[];
  number(name: string): number | null;
}

/** One option as commander declares it. */
export interface OptionSpec {
  readonly flags: string;
  readonly description: string;
  readonly kind?: "text" | "flag" | "list" | "count";
  readonly choices?: readonly string[];
}

/** One positional argument: `<required>` or `[optional]`. */
export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly choices?: readonly string[];
}

/** A command as help and completion tell it; its code is imported only when it runs. */
export interface CommandSpec {
  /** One word, or two for a command of a group (`state reset`). */
  readonly name: string;
  readonly summary: string;
  /** Arguments of examples, without the program's name. */
  readonly examples: readonly string[];
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  /** Exit codes beside 0 and 1. */
  readonly exits: readonly number[];
  readonly run: (bag: OptionBag, args: readonly (string | undefined)[], context: CommandContext) => Promise<CommandOutcome>;
}
