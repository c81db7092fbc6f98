import { snowflakeDialect } from "./snowflake-dialect.ts";
import type { SnowflakeSession } from "./snowflake-session.ts";

/** Folder of the user's stage that holds what this program unloads, one folder a run. */
export const FOLDER = "spillway";

const REMOVE_WITHIN_MS = 30_000;
/** A run id begins with ten digits, to the base 32, of the milliseconds at which the run began. */
const RUN_ID = /^([0-9A-HJKMNP-TV-Z]{10})[0-9A-HJKMNP-TV-Z]{6}$/u;
const STAGED = /(?:^|\/)(spillway\/([0-9A-Z]{16})-[0-9a-f]{8})\//u;
const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const STALE_AFTER_MS = 2 * 24 * 60 * 60 * 1000;

/** Removes a folder of the stage; what cannot be removed is found by a later run. */
export async function removeStaged(session: SnowflakeSession, stage: string): Promise<void> {
  const sql = { text: `REMOVE ${snowflakeDialect.quoteText(`${stage}/`)}` };
  await session.run({ what: "remove files from the user's stage", sql }, AbortSignal.timeout(REMOVE_WITHIN_MS)).catch(() => undefined);
}

/** Folders that runs which were killed left behind days before this one began; a run that may still be at work is none of them. */
export async function staleFolders(session: SnowflakeSession, run: string, signal: AbortSignal): Promise<readonly string[]> {
  const now = timeOf(run);
  if (now === null) return [];
  const listed = await session.rows({ what: "list the user's stage", sql: { text: `LIST '@~/${FOLDER}/'` } }, signal);
  const folders = new Set<string>();
  for (const [path] of listed) {
    const [, folder, owner] = STAGED.exec(String(path)) ?? [];
    const began = owner === undefined ? null : timeOf(owner);
    if (folder !== undefined && began !== null && now - began > STALE_AFTER_MS) folders.add(folder);
  }
  return [...folders];
}

function timeOf(run: string): number | null {
  const digits = RUN_ID.exec(run)?.[1];
  return digits === undefined ? null : Array.from(digits).reduce((time, digit) => time * 32 + DIGITS.indexOf(digit), 0);
}
