import { entry, type ErrorCodeEntry } from "./error-code-entry.ts";
import { EXIT } from "./exit-codes.ts";

/** Codes of sources, alphabetical; part of ERROR_CODES. */
export const SOURCE_CODES = {
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
  SOURCE_BYTES_LIMIT: entry(
    EXIT.source,
    "The query would scan more than `maximum_bytes_billed` of the source allows, so the warehouse did not run it and billed nothing.",
    "Make the query scan less (fewer columns, a filter on the partition column), or raise `maximum_bytes_billed`.",
  ),
  SOURCE_COLUMNS_CHANGED: entry(
    EXIT.source,
    "A column of the model was dropped, renamed or given another type in the moments between its description and its extraction.",
    "Run again; the new columns are then looked at as a whole.",
  ),
  SOURCE_COMPUTE_UNAVAILABLE: entry(
    EXIT.source,
    "The service has nothing that could compute the query: no virtual warehouse is chosen, or it is suspended.",
    "Choose, resume or grant the warehouse that the message is about; then run again.",
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
    "The server has no database of the name that the source gives, or nothing names the project to query in.",
    "Correct `database:` (or the end of `url:`) or `project:` of the source.",
  ),
  SOURCE_MOMENT_LOST: entry(
    EXIT.source,
    "Deliveries of one model that run together read one moment of the warehouse, and the warehouse keeps that moment no longer, or another server answers now.",
    "Run again the deliveries that failed: they read a moment of their own. If it comes back, let the source connect to one server, not to several behind one address.",
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
  SOURCE_QUOTA_EXCEEDED: entry(
    EXIT.source,
    "A quota of the warehouse is used up: queries a day, bytes a day, or the like.",
    "Wait until it starts anew, raise it, or make the query cheaper. Nothing was delivered.",
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
} as const satisfies Record<string, ErrorCodeEntry>;
