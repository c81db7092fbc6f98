import { CONFIG_CODES } from "./config-codes.ts";
import { DBT_CODES } from "./dbt-codes.ts";
import { DESTINATION_CODES } from "./destination-codes.ts";
import { ENGINE_CODES } from "./engine-codes.ts";
import { entry, type ErrorCodeEntry } from "./error-code-entry.ts";
import { EXIT } from "./exit-codes.ts";
import { FORGET_CODES } from "./forget-codes.ts";
import { HTTP_CODES } from "./http-codes.ts";
import { SERVICE_CODES } from "./service-codes.ts";
import { SOURCE_CODES } from "./source-codes.ts";
import { STATE_CODES } from "./state-codes.ts";

/** Every code of the project, alphabetical. A test holds each one to a page of the docs and to a place that throws it. */
export const ERROR_CODES = {
  ALERT_FAILED: entry(
    EXIT.destination,
    "A Slack channel, webhook or heartbeat did not take what it was told. Deliveries are not touched by that.",
    "Check the address under `alerts` in config.yaml and that this machine reaches it; `sync doctor --only alerts` sends a test. What did not arrive is sent again after the next run.",
  ),
  BASELINE_REFUSED: entry(
    EXIT.usage,
    "`sync state baseline --from` cannot take files as told: the stream has delivered already, or its files do not say what row is which.",
    "Follow the hint. Without files, `sync state baseline` takes the current result as told.",
  ),
  BYTES_CHANGED: entry(
    EXIT.state,
    "Bytes that were about to be stored are no longer the ones whose hash was taken.",
    "Look at the disk that holds the state root, then run again: nothing with those bytes was stored.",
  ),
  CLAIM_UNSETTLED: entry(
    EXIT.state,
    "The first claim of a destination may or may not have arrived, and the credentials may not look.",
    "Let someone who may read the destination open the claim that the message names. If its stateId is the one shown, delete the claim and run again; if not, another state delivers there.",
  ),
  ...CONFIG_CODES,
  DATA_KEY_DUPLICATE: entry(
    EXIT.data,
    "Two rows of the model's result have the same primary key, so a change could not be told from another.",
    "Run the query shown to see them; make the query return one row a key, or widen primary_key.",
  ),
  DATA_KEY_NULL: entry(
    EXIT.data,
    "A row of the model's result has NULL in a primary key column.",
    "Run the query shown to see them; filter them out in the model, or choose another primary_key.",
  ),
  DATA_ROW_TOO_LARGE: entry(
    EXIT.data,
    "A row is longer than the engine reads, or than `file.max_bytes` lets a whole file be.",
    "Leave the large column out of `columns`, shorten it in the query, or raise `file.max_bytes`.",
  ),
  DATA_UNENCODABLE: entry(
    EXIT.data,
    "A value cannot stand in the file, or in its name: a NUL character; without quotes the delimiter, a line end or the text for NULL; in Parquet what its column's type would change.",
    "Change it in the query, e.g. `replace(name, chr(0), '')`, or choose another `file.quote`, `file.delimiter` or `file.unencodable`. Nothing was delivered; run again.",
  ),
  ...DBT_CODES,
  ...DESTINATION_CODES,
  ...ENGINE_CODES,
  FILE_UNFIT: entry(
    EXIT.data,
    "A file that was looked through is not what files of the stream are: its header, delimiter, quoting, encoding or values differ.",
    "Look at the lines shown; `sync preview -m MODEL` shows a file as it would be delivered.",
  ),
  FOREIGN_OBJECT: entry(
    EXIT.destination,
    "Somebody else's object stands under a key that this delivery needs. It was not touched.",
    "Find out who writes there, move the object away, and run again: the delivery goes on with the same bytes.",
  ),
  ...FORGET_CODES,
  GENERATION_NOT_DELIVERED: entry(
    EXIT.usage,
    "`sync replay` was asked for a generation that was never delivered: its number is too high, it was given up, or the run delivered nothing.",
    "`sync history -m NAME` lists the runs of a stream with their generations.",
  ),
  GUARD_ADDED: entry(
    EXIT.held,
    "The delta adds more rows than `guards.max_added` allows, so it is held: its bytes are staged and nothing was sent.",
    "Look with `sync show RUN`. `sync approve RUN` delivers exactly these bytes, `sync reject RUN` drops them; a later run takes its place.",
  ),
  GUARD_CHANGED: entry(
    EXIT.held,
    "The delta changes more rows than `guards.max_changed` allows, so it is held: its bytes are staged and nothing was sent.",
    "Look with `sync show RUN`. `sync approve RUN` delivers exactly these bytes, `sync reject RUN` drops them; a later run takes its place.",
  ),
  GUARD_MIN_ROWS: entry(
    EXIT.held,
    "The result has fewer rows than `guards.min_rows` asks for, so its delta is held: an empty result is not read as everyone having left.",
    "Look whether the query is right. `sync approve RUN` delivers the delta all the same, `sync reject RUN` drops it; `min_rows: 0` lets it pass always.",
  ),
  GUARD_REMOVED: entry(
    EXIT.held,
    "The delta removes more rows than `guards.max_removed` allows, so it is held: its bytes are staged and nothing was sent.",
    "Look whether the query lost rows. `sync approve RUN` delivers exactly these bytes, `sync reject RUN` drops them; `sync run --allow-removals N` allows N in advance.",
  ),
  HELD_ANSWERED: entry(
    EXIT.held,
    "The held run has been answered already, or a later run took its place; an answer stands once and for all.",
    "`sync show RUN` tells who answered and why. Run the stream again to compare anew.",
  ),
  HELD_STALE: entry(
    EXIT.held,
    "The held bytes no longer fit: something was delivered since, the destination is another, or the bytes are damaged.",
    "Run the stream again; what differs is then staged anew.",
  ),
  HELD_WAITING: entry(
    EXIT.held,
    "A held run has no answer yet, and `guards.held: wait` stops every other run of the stream until it has.",
    "`sync approve RUN` or `sync reject RUN`.",
  ),
  HISTORY_DAMAGED: entry(
    EXIT.state,
    "`sync verify` found a stored delta or plan lost or changed that the snapshot itself does not need. Deliveries go on; `row`, `replay` and `state repair` cannot look behind it.",
    "Restore the named object from a backup of the state root. Without one, nothing has to be done: what is delivered from here on is on record again.",
  ),
  ...HTTP_CODES,
  IDENTITY_CHANGED: entry(
    EXIT.held,
    "The snapshot belongs to another destination, source, primary key or mode than the configuration now names.",
    "Undo the change; or deliver every row anew with `sync run --full-resync`; or say that the destination holds what was delivered all the same, with `--same-destination`.",
  ),
  INTERNAL: entry(EXIT.bug, "Something happened that should be impossible.", "Please report it with the output of the command."),
  INTERRUPTED: entry(130, "A signal stopped the run.", "Run the same command again: an unfinished delivery goes on where it stood."),
  KIT_FOLDER_IN_USE: entry(
    EXIT.usage,
    "The folder that a kit should be written to holds something already.",
    "Name another folder with `--out`, or say `--force`: a kit that lies there is then replaced.",
  ),
  KIT_KEY_HIDDEN: entry(
    EXIT.usage,
    "The files of a stream do not show its primary key, or only shortened, so that a consumer could not tell which row a change is about.",
    "Add a column that shows the key as it is, or hashed, to `columns`.",
  ),
  KIT_WITHOUT_MANIFEST: entry(
    EXIT.usage,
    "A kit is about manifests, and the stream is delivered without them.",
    "Take `file.manifest: false` out of the model.",
  ),
  MODEL_COLUMN_UNFIT: entry(
    EXIT.usage,
    "`columns` does something with a column that its kind does not allow: a JSON path of a number, or the format of a date for a text column's number; or `cursor` names one that is no date or timestamp.",
    "Read another column, take the step away, or cast the column in the query.",
  ),
  MODEL_COLUMN_UNKNOWN: entry(
    EXIT.usage,
    "`primary_key`, `columns`, `ignore_changes_in` or `cursor` names a column that does not exist.",
    "Write the name as the query returns it (case counts), or add the column to the query.",
  ),
  MODEL_EXISTS: entry(
    EXIT.usage,
    "`sync new` found a model of that name already; it writes over one only when told to.",
    "Give another name with `--name`, or say `--force` to write it anew.",
  ),
  MODEL_KEY_UNKNOWN: entry(
    EXIT.usage,
    "`sync new` cannot tell which columns tell the rows of the table apart: it has no primary key and no unique index without NULL, or the warehouse does not say.",
    "Name them with `--key`; a run refuses a key that is NULL or stands twice.",
  ),
  OBJECT_CHANGED: entry(
    EXIT.destination,
    "`sync verify` read an object at the destination that does not hold the bytes that were delivered.",
    "Find out who writes there: Spillway never replaces a delivered object. Move the object away, then `sync replay --same-keys` puts the bytes back that were delivered.",
  ),
  OBJECT_KEY_REFUSED: entry(
    EXIT.usage,
    "A key cannot be a file below the destination's folder.",
    "Change `folder` and `name` in the model's `file` block: no empty parts, `.` or `..`.",
  ),
  OPEN_PLAN_ELSEWHERE: entry(
    EXIT.held,
    "An unfinished delivery belongs to another destination than the configuration now names.",
    "Point the destination back and run, so that the delivery is finished; change it after that.",
  ),
  PLAN_ABANDONED: entry(
    EXIT.destination,
    "A delivery was given up with `sync state recover --abandon`; what of it had arrived may be visible at the destination.",
    "Run the stream: its next delta states every row of the generation again.",
  ),
  PLAN_FILE_INVALID: entry(
    EXIT.usage,
    "The file is not a plan made by `sync plan --out` for this state, or it was edited.",
    "Make a new one with `sync plan --out FILE`.",
  ),
  PLAN_NOT_OPEN: entry(
    EXIT.usage,
    "The generation to give up is not the one that is under way.",
    "`sync state recover` without `--abandon` shows what is under way.",
  ),
  PLAN_STALE: entry(
    EXIT.held,
    "The state has moved on since the plan was made, so its bytes may no longer be right. Nothing was sent.",
    "Make a new plan with `sync plan --out FILE`, look at it, and run that.",
  ),
  PROJECT_EXISTS: entry(
    EXIT.usage,
    "`sync init` found a configuration in the folder already; it never writes over one.",
    "Name another folder, or delete the old config.yaml first.",
  ),
  REPLAY_BEYOND_HORIZON: entry(
    EXIT.state,
    "The delta of an old generation is older than `retention.log` keeps it, and the destination does not give its objects back.",
    "Deliver the whole table anew with `sync run --full-resync`; a longer `retention.log` keeps more from now on.",
  ),
  REPLAY_BYTES_LOST: entry(
    EXIT.state,
    "The bytes of an old generation can neither be made again nor read back: its stored delta is lost, or the model's columns or file settings are others now, and the destination does not give the object back.",
    "Bring the model file back as it was then (and the version of Spillway), or use credentials that may read the destination; then replay again.",
  ),
  REPLAY_FORGOTTEN: entry(
    EXIT.state,
    "An old generation told of rows that were forgotten since (`sync forget`), so its files are not delivered again.",
    "Deliver the whole table as it is now with `sync run --full-resync`.",
  ),
  REPLAY_KEY_TAKEN: entry(
    EXIT.destination,
    "Other bytes stand at a key that a replayed object was to go to. Nothing is ever replaced.",
    "Replay under another prefix: `--to`.",
  ),
  RUNS_FAILED: entry(
    EXIT.someFailed,
    "Of several streams, some failed; the others are done.",
    "Look at each failed run with `sync show RUN`, mend what it names, and run the same command again.",
  ),
  RUN_NOT_FOUND: entry(EXIT.usage, "No run has that id, or several begin with it.", "Look the run up in `sync history`."),
  RUN_NOT_HELD: entry(
    EXIT.usage,
    "There is no held run to answer: none waits, or this one ended in another way.",
    "`sync status` shows which streams are held, `sync history` their runs.",
  ),
  SCHEMA_CHANGED: entry(
    EXIT.held,
    "Columns or their mapping are no longer those of the rows delivered before, and `on_schema_change` is `hold`: the delta is staged and nothing was sent.",
    "`sync show RUN` tells what changed. `sync approve RUN` delivers the delta, `sync reject RUN` drops it; `--accept-schema-change` accepts in advance, `on_schema_change: resync` or `adopt` always.",
  ),
  SECRET_UNAVAILABLE: entry(
    EXIT.usage,
    "A secret that is kept in a file or printed by a command could not be had.",
    "Look at the file or run the command by hand, as the user that Spillway runs as; then run again.",
  ),
  ...SERVICE_CODES,
  SNAPSHOT_DIFFERS: entry(
    EXIT.state,
    "`sync verify` folded the stored deltas and got another table than the snapshot, or other files than were delivered, although every hash is right: something wrote to the state root.",
    "`sync state repair --from-deltas` puts the snapshot together from the deltas that the plans prove. Without them, `sync state reset` delivers the whole table anew.",
  ),
  ...SOURCE_CODES,
  ...STATE_CODES,
  STREAM_BUSY: entry(EXIT.busy, "Another run has the stream.", "Wait until it has finished, then run again."),
  STREAM_DISABLED: entry(
    EXIT.usage,
    "A run was asked for of a stream that is switched off.",
    "Take `enabled: false` away from the model or its destination.",
  ),
  STREAM_NOT_CHOSEN: entry(
    EXIT.usage,
    "The command needs to know which streams it is for.",
    "Name them with `-m NAME`, `-s tag:NAME` or `-s destination:NAME`, or say `--all`.",
  ),
  STREAM_RETIRED: entry(
    EXIT.usage,
    "The stream was closed with `sync retire`: its consumers were told that every row left, and it delivers nothing any more.",
    "Take its model file away; or open it again with `sync run -m NAME --full-resync`, which delivers every row.",
  ),
  STREAM_UNKNOWN: entry(EXIT.usage, "A choice of streams matches none.", "`sync ls` shows the streams, their tags and destinations."),
  TABLE_UNKNOWN: entry(
    EXIT.usage,
    "The source has no table or view of that name, or its user may not see it.",
    "`sync new` without `--table` lists those that are there; a table outside the default schema is written with its schema.",
  ),
  USAGE: entry(
    EXIT.usage,
    "The command line does not read as a command.",
    "See `sync --help`, or `sync COMMAND --help` with an example of each command.",
  ),
} as const satisfies Record<string, ErrorCodeEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;
