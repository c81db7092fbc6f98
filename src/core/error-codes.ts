import { CONFIG_CODES } from "./config-codes.ts";
import { entry, type ErrorCodeEntry } from "./error-code-entry.ts";
import { EXIT } from "./exit-codes.ts";

/** Every code of the project, alphabetical. A test holds each one to a page of the docs and to a place that throws it. */
export const ERROR_CODES = {
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
    "A row is longer than the engine reads.",
    "Leave the large column out of `columns`, or shorten it in the query.",
  ),
  DATA_UNENCODABLE: entry(
    EXIT.data,
    "A value holds a NUL character, which no CSV or TXT reader can be trusted to take.",
    "Take it out in the query, e.g. `replace(name, chr(0), '')`. Nothing was delivered; run again.",
  ),
  DESTINATION_ACCESS_DENIED: entry(
    EXIT.destination,
    "The bucket's owner does not allow an action that the delivery needs.",
    "Have the statement that the message prints added to the policy of the role or user; `sync iam` prints the whole policy, `sync doctor` tries it. The run resumes.",
  ),
  DESTINATION_ACL_REFUSED: entry(
    EXIT.destination,
    "The bucket has ACLs switched off (bucket owner enforced), but the destination sends one.",
    "Drop `acl` from the destination: the bucket's owner owns every object anyway. The run resumes.",
  ),
  DESTINATION_BUCKET_MISSING: entry(
    EXIT.destination,
    "No bucket of this name exists.",
    "Mend `bucket`, or have the bucket created. The run resumes.",
  ),
  DESTINATION_CLOCK_SKEW: entry(
    EXIT.destination,
    "This machine's clock is too far from the server's for a signature to be valid.",
    "Set the clock (NTP), then run again.",
  ),
  DESTINATION_CREDENTIALS: entry(
    EXIT.destination,
    "There are no credentials for the destination, or they are wrong or have expired.",
    "Give the machine a role, set `profile` or `credentials`, or renew them; `sync doctor` shows who is asking. The run resumes.",
  ),
  DESTINATION_KMS_REFUSED: entry(
    EXIT.destination,
    "The KMS key that encrypts the objects does not exist, is disabled, or may not be used.",
    "Mend `encryption.key_id` (an ARN across accounts), or have kms:GenerateDataKey and kms:Decrypt granted by the role's policy and by the key's. The run resumes.",
  ),
  DESTINATION_REJECTED: entry(
    EXIT.destination,
    "The store refuses a request for a reason of its own.",
    "Read the store's answer in the message; S3-compatible stores often need `checksums: required` or `path_style: true`.",
  ),
  DESTINATION_ROLE_REFUSED: entry(
    EXIT.destination,
    "STS does not let us assume the destination's role.",
    "Compare the role's trust policy with what `sync iam` prints: our account and the same ExternalId must stand in it.",
  ),
  DESTINATION_UNANSWERED: entry(
    EXIT.destination,
    "The destination kept giving no answer about one object.",
    "Run again: the delivery goes on with the same bytes at the same keys.",
  ),
  DESTINATION_UNAVAILABLE: entry(
    EXIT.destination,
    "The destination could not be written or read: a folder refused, or S3 did not answer until the tries were used up.",
    "Follow the hint about the folder, the network or the store, then run again: an unfinished delivery goes on where it stood.",
  ),
  DESTINATION_WRONG_REGION: entry(
    EXIT.destination,
    "The bucket stands in another region than the destination says.",
    "Set `region` to the region in the message. The run resumes.",
  ),
  ENGINE_DISK_FULL: entry(
    EXIT.bug,
    "The embedded engine has no room left in its spill folder.",
    "Free space under engine.temp_directory, or raise engine.max_temp_size. Nothing was delivered; run again.",
  ),
  ENGINE_FAILED: entry(
    EXIT.bug,
    "The embedded engine failed while it read rows; its own text is withheld because it can quote a row.",
    "Run the model's query by itself to see the row. Nothing was delivered.",
  ),
  ENGINE_OUT_OF_MEMORY: entry(
    EXIT.bug,
    "The embedded engine reached its memory limit.",
    "Raise engine.memory_limit or lower engine.threads. Nothing was delivered; run again.",
  ),
  ENGINE_QUERY_REFUSED: entry(
    EXIT.source,
    "The embedded engine refuses a query before it reads a row: a mistake in the SQL, or a missing table, column or file.",
    "Mend the query at the place that the message names.",
  ),
  FOREIGN_OBJECT: entry(
    EXIT.destination,
    "Somebody else's object stands under a key that this delivery needs. It was not touched.",
    "Find out who writes there, move the object away, and run again: the delivery goes on with the same bytes.",
  ),
  IDENTITY_CHANGED: entry(
    EXIT.held,
    "The snapshot belongs to another destination, source, primary key or mode than the configuration now names.",
    "Undo the change; or deliver every row anew with `sync run --full-resync`, or forget what was told with `sync state reset`.",
  ),
  INTERNAL: entry(EXIT.bug, "Something happened that should be impossible.", "Please report it with the output of the command."),
  INTERRUPTED: entry(130, "A signal stopped the run.", "Run the same command again: an unfinished delivery goes on where it stood."),
  MODEL_COLUMN_UNFIT: entry(
    EXIT.usage,
    "`columns` does something with a column that its kind does not allow: a JSON path of a number, or the format of a date for a text column's number.",
    "Read another column, take the step away, or cast the column in the query.",
  ),
  MODEL_COLUMN_UNKNOWN: entry(
    EXIT.usage,
    "`primary_key`, `columns` or `ignore_changes_in` names a column that does not exist.",
    "Write the name as the query returns it (case counts), or add the column to the query.",
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
  PLAN_FILE_INVALID: entry(
    EXIT.usage,
    "The file is not a plan made by `sync plan --out` for this state, or it was edited.",
    "Make a new one with `sync plan --out FILE`.",
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
  RUNS_FAILED: entry(
    EXIT.someFailed,
    "Of several streams, some failed; the others are done.",
    "Look at each failed run with `sync show RUN`, mend what it names, and run the same command again.",
  ),
  RUN_NOT_FOUND: entry(EXIT.usage, "No run has that id, or several begin with it.", "Look the run up in `sync history`."),
  SECRET_UNAVAILABLE: entry(
    EXIT.usage,
    "A secret that is kept in a file or printed by a command could not be had.",
    "Look at the file or run the command by hand, as the user that Spillway runs as; then run again.",
  ),
  SOURCE_ACCESS_DENIED: entry(
    EXIT.source,
    "The source's user may not read a schema, table or column of the model, or may not take the role.",
    "Grant what the message names to the user or role of the source, or correct `role:`.",
  ),
  SOURCE_AUTH_FAILED: entry(
    EXIT.source,
    "The warehouse does not let this user in: wrong user or password, or a rule of the server against it.",
    "Check the source's user and password with the warehouse's own client from this machine.",
  ),
  SOURCE_BUSY: entry(EXIT.source, "Another process holds the source database.", "Wait until it has finished, then run again."),
  SOURCE_COLUMNS_CHANGED: entry(
    EXIT.source,
    "A column of the model was dropped, renamed or given another type in the moments between its description and its extraction.",
    "Run again; the new columns are then looked at as a whole.",
  ),
  SOURCE_CONFLICT: entry(
    EXIT.source,
    "The warehouse withdrew the query because of a conflict with other work, such as recovery on a standby or a deadlock.",
    "Nothing was delivered; run again. On a Postgres standby raise max_standby_streaming_delay or set hot_standby_feedback.",
  ),
  SOURCE_CONNECTION_LOST: entry(
    EXIT.source,
    "The connection to the warehouse ended before its answer: a restart, an administrator, or the network.",
    "Nothing was delivered and the snapshot is as it was; run again.",
  ),
  SOURCE_DATABASE_MISSING: entry(
    EXIT.source,
    "The server has no database of the name that the source gives.",
    "Correct `database:` (or the end of `url:`) of the source.",
  ),
  SOURCE_NOT_FOUND: entry(EXIT.source, "The source is not where the configuration says it is.", "Check the source's address or path."),
  SOURCE_OVERLOADED: entry(
    EXIT.source,
    "The warehouse has no free connection, memory or disk for the query.",
    "Run again later, or raise the limit that the message names.",
  ),
  SOURCE_QUERY_FAILED: entry(
    EXIT.source,
    "The warehouse refuses or fails the model's query: a mistake in the SQL, a missing table or column, or a row that it cannot compute.",
    "Mend the query at the place shown. Words of the server that may quote a row are withheld: run the query in the warehouse's own client to see them.",
  ),
  SOURCE_QUERY_REFUSED: entry(
    EXIT.source,
    "The model is not a single query: it writes, holds several statements, or returns two columns of one name.",
    "Make the model one SELECT with distinct column names.",
  ),
  SOURCE_TIMEOUT: entry(
    EXIT.source,
    "The query, a lock or the connection took longer than it may.",
    "Make the query cheaper, or raise the timeout that the message names.",
  ),
  SOURCE_TLS_FAILED: entry(
    EXIT.source,
    "No encrypted connection to the warehouse could be made, or its certificate is not trusted.",
    "Give the authority's certificate under `ssl:` of the source, or choose the `mode` that fits the server.",
  ),
  SOURCE_TRUNCATED: entry(
    EXIT.source,
    "The rows that arrived are not the rows that the source sent: some were lost, doubled or torn on the way.",
    "Run again. Nothing was delivered and the snapshot is as it was; if it comes back, look at the network between here and the source.",
  ),
  SOURCE_UNREACHABLE: entry(
    EXIT.source,
    "Nothing answers at the source's address.",
    "Check host and port (or url) of the source, and that a firewall lets this machine through; then run again.",
  ),
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
  STATE_DAMAGED: entry(
    EXIT.state,
    "An object of the state root is missing, torn or changed. Nothing is compared with it and nothing is sent.",
    "Restore the named object from a backup of the state root; without one, `sync state reset` delivers the whole table anew.",
  ),
  STATE_MISMATCH: entry(
    EXIT.state,
    "The destination was claimed by another state: this one is new, lost or not the one that delivers there.",
    "Bring back the state root that delivers there. If that is lost for good, deliver to a new prefix, or delete the claim that the message names and run again.",
  ),
  STATE_UNAVAILABLE: entry(
    EXIT.state,
    "The state root could not be written or read.",
    "Follow the hint about the folder or bucket, then run again: an unfinished delivery goes on where it stood.",
  ),
  STREAM_BUSY: entry(EXIT.busy, "Another run has the stream.", "Wait until it has finished, then run again."),
  STREAM_NOT_CHOSEN: entry(
    EXIT.usage,
    "The command needs to know which streams it is for.",
    "Name them with `-m NAME`, `-s tag:NAME` or `-s destination:NAME`, or say `--all`.",
  ),
  STREAM_UNKNOWN: entry(EXIT.usage, "A choice of streams matches none.", "`sync ls` shows the streams, their tags and destinations."),
  USAGE: entry(
    EXIT.usage,
    "The command line does not read as a command.",
    "See `sync --help`, or `sync COMMAND --help` with an example of each command.",
  ),
} as const satisfies Record<string, ErrorCodeEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;
