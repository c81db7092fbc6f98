import { entry, type ErrorCodeEntry } from "./error-code-entry.ts";
import { EXIT } from "./exit-codes.ts";

/** Codes of the state root, alphabetical; part of ERROR_CODES. */
export const STATE_CODES = {
  STATE_BEHIND: entry(
    EXIT.state,
    "The destination holds another version of the generation that is to be delivered: the state is an older copy of the one that delivered it.",
    "Bring the newest state root back. If it is lost for good, move the named objects away and run `sync state reset`.",
  ),
  STATE_CONDITIONS_IGNORED: entry(
    EXIT.state,
    "The state root lies in a store that does not honour conditional writes (If-None-Match). Two hosts could both write a plan there, so it is not used.",
    "Keep the state in a folder, on AWS S3, or in a store that refuses a second PUT with `If-None-Match: *`; `sync doctor --only state` tries it out.",
  ),
  STATE_COPY_REFUSED: entry(
    EXIT.usage,
    "`sync state copy` was pointed at a place that cannot take this state: it holds something, lies inside of the old root, or has a copy of another root.",
    "Name a new, empty folder, or a bucket prefix that nothing is stored under.",
  ),
  STATE_COPY_UNFINISHED: entry(
    EXIT.state,
    "This state root is a copy that was begun and not finished, so it may lack what counts. Nothing was read from it.",
    "Finish it: `sync state copy --to URL` with the configuration that names the old root. It goes on where it stood.",
  ),
  STATE_DAMAGED: entry(
    EXIT.state,
    "An object of the state root is missing, torn or changed. Nothing is compared with it and nothing is sent.",
    "`sync state repair` puts the snapshot together from what is stored; or restore the named object from a backup. Without either, `sync state reset` delivers the whole table anew.",
  ),
  STATE_MISMATCH: entry(
    EXIT.state,
    "The destination was claimed by another state: this one is new, lost or not the one that delivers there.",
    "Bring back the state root that delivers there. If that is lost for good, deliver to a new prefix, or delete the claim that the message names and run again.",
  ),
  STATE_MOVED: entry(
    EXIT.state,
    "This state root was copied elsewhere with `sync state copy`; nothing is told from here again, or two hosts could tell different things.",
    "Set `state` in config.yaml to the place that the message names. Was the copy interrupted? Run the same `sync state copy` again first.",
  ),
  STATE_UNAVAILABLE: entry(
    EXIT.state,
    "The state root could not be written or read.",
    "Follow the hint about the folder or bucket, then run again: an unfinished delivery goes on where it stood.",
  ),
} as const satisfies Record<string, ErrorCodeEntry>;
