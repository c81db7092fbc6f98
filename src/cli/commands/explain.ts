import { distance } from "fastest-levenshtein";
import { ERROR_CODES, type ErrorCode } from "../../core/error-codes.ts";
import { SyncError } from "../../core/errors.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { table } from "../render/table.ts";
import { echoName } from "../report-error.ts";

/** Tells what one code means and what to do about it, or lists all codes. */
export async function explainCode(options: { readonly code: string | null }, { paint, host }: CommandContext): Promise<CommandOutcome> {
  const codes = Object.keys(ERROR_CODES).filter(isCode);
  if (options.code === null) {
    const text = table(codes.map((code) => [paint.strong(code), ERROR_CODES[code].meaning]));
    return { text, data: { codes: codes.map((code) => ({ code, ...ERROR_CODES[code] })) } };
  }
  const wanted = options.code.toUpperCase();
  if (!isCode(wanted)) {
    const nearest = codes.toSorted((a, b) => distance(a, wanted) - distance(b, wanted))[0] ?? "";
    throw new SyncError("USAGE", `There is no code ${options.code}.`, {
      hint: `Did you mean ${nearest}? \`sync explain\` lists all codes.`,
    });
  }
  const { meaning, action, exit } = ERROR_CODES[wanted];
  const text = `${paint.strong(wanted)}  (exit code ${exit})\n\n${meaning}\n\nWhat to do: ${echoName(action, host.name)}`;
  return { text, data: { code: wanted, meaning, action, exit } };
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}
