import type { Readable, Writable } from "node:stream";
import type { CursorKind } from "./cursor.ts";
import type { SqlLexis } from "./sql-text.ts";
import type { Column, Projection, SqlExpr } from "./types.ts";

/** A connection to the embedded engine. Results are text: no number or date of a row passes through JavaScript. */
export interface SqlSession {
  /** Runs one or more statements; a signal interrupts them. */
  run(sql: string, signal: AbortSignal): Promise<void>;
  /** Runs one query and returns its rows as text (NULL = null). For small results only: counts, samples, descriptions. */
  rows(sql: string, signal: AbortSignal): Promise<readonly (readonly (string | null)[])[]>;
}

/** What differs between the SQL of warehouses, as far as generated queries need it. */
export interface Dialect {
  quoteIdentifier(name: string): string;
  quoteText(text: string): string;
  /** A literal of an instant (ISO 8601 with milliseconds, UTC) to compare a column of the kind with; a column without zone holds UTC. */
  instant(kind: CursorKind, at: string): string;
  /** Quotes and comments, where they are not those of PostgreSQL. */
  readonly lexis?: SqlLexis;
}

/** What a warehouse knows of a table beside its columns. */
export interface TableFacts {
  readonly comment: string | null;
  /** Comments of columns, by name. */
  readonly columnComments: ReadonlyMap<string, string>;
  /** Sets of columns that are never NULL and never twice, by the warehouse's own keeping; the primary key first. */
  readonly keys: readonly { readonly kind: "primary key" | "unique"; readonly columns: readonly string[] }[];
}

/** The tables and views of a source, by names that `table` of a model takes. */
export interface Catalog {
  list(signal: AbortSignal): Promise<readonly string[]>;
  /** Null when there is no such table, or it may not be seen. */
  look(table: string, signal: AbortSignal): Promise<TableFacts | null>;
}

/** What a query would read and cost, before it runs. */
export interface Estimate {
  /** Bytes that the warehouse would bill, by its own word. */
  readonly bytes: bigint;
  /** `upper_bound`: it may turn out less. */
  readonly accuracy: "exact" | "upper_bound" | "unknown";
  /** In the currency of the configured rate; null without a rate. */
  readonly price: string | null;
}

/** A moment of a warehouse that is kept for several readers; disposing it lets it go. */
export interface HeldMoment extends AsyncDisposable {
  /** What a source enters the moment by. */
  readonly token: string;
}

/**
 * A warehouse that a model is queried from: one connection's lifetime; disposing it cancels what still runs.
 * A source that lives inside the engine offers a relation; every other one writes row text.
 */
export interface Source extends AsyncDisposable {
  readonly dialect: Dialect;
  /** Columns of a query without running it. Refuses (SOURCE_QUERY_REFUSED) writes, several statements and duplicate names. */
  describe(query: string, signal: AbortSignal): Promise<readonly Column[]>;
  /** What a run of the query would cost; absent where the warehouse does not bill by query. */
  readonly estimate?: (query: string, signal: AbortSignal) => Promise<Estimate>;
  /** Absent where tables are not looked up. */
  readonly catalog?: Catalog;
  /** DuckDB SQL that brings `text`, this source's native text of a column, to the canonical text. NULL stays NULL. */
  canonical(column: Column, text: SqlExpr): SqlExpr;
  /** Absent where the warehouse cannot show one moment to several connections. */
  readonly moments?: {
    /** Keeps the warehouse as it stands now, for whoever enters. */
    hold(signal: AbortSignal): Promise<HeldMoment>;
    /** Makes this source read that moment from now on; SOURCE_MOMENT_LOST, once it reads, where nobody keeps it any more. */
    enter(token: string): void;
  };
  readonly reading:
    | {
        readonly shape: "row_text";
        /** Whether it puts a projection's mark before each line, for nothing: then the fingerprint's salt need not be put there at a cost. */
        readonly marks?: boolean;
        /**
         * Writes one line a row (COPY text format: TAB between fields, `\N` NULL, backslash escapes, LF at the end), ends the sink,
         * and returns the number of rows that the server says it sent. An end without that proof is SOURCE_TRUNCATED.
         */
        extract(projection: Projection, sink: Writable, signal: AbortSignal): Promise<{ readonly rows: bigint }>;
      }
    | {
        readonly shape: "relation";
        /** A DuckDB query over the session that the source was opened with: the projected columns, named c0, c1 …, in their native types. */
        relation(projection: Projection): string;
        /**
         * What to throw when a statement over the relation has failed: the source's own error where the query fails by itself, else the error as it came.
         * Absent where no query of a user's stands behind the relation.
         */
        readonly blame?: (error: unknown, projection: Projection, signal: AbortSignal) => Promise<unknown>;
      }
    | {
        /** Row text that lies on this machine already, the sentinel first, and can be read as often as one likes. */
        readonly shape: "kept_text";
        readonly path: string;
        /** As the server counted them. */
        readonly rows: bigint;
        /** Names of the fields of each line; they hold those of the projection, in any order. */
        readonly fields: readonly string[];
      };
}

/** What is stored beside an object's bytes, so that a later look can tell whose it is. */
export interface ObjectFacts {
  readonly stateId: string;
  readonly generation: number;
  readonly run: string;
  readonly sha256: string;
}

/** Bytes that can be sent more than once. */
export interface ObjectBody {
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Opens the bytes from `start` (inclusive) to `end` (exclusive); every call starts anew. */
  open(start?: number, end?: number): Readable;
  /**
   * Reads the same bytes in pieces that lie in one memory, so each is `take`'s only until it returns, and tells how many bytes there were. Absent
   * where opening costs no more.
   */
  readonly scan?: (start: number, end: number, take: (bytes: Buffer) => unknown, signal: AbortSignal) => Promise<number>;
}

/**
 * What a create-once PUT came to. `exists`: somebody's object stands there already; `afterUnanswered` says that an earlier
 * attempt of this very call got no answer, so it may be our own. `unanswered`: no attempt got an answer.
 */
export type PutOutcome =
  | { readonly kind: "created" }
  | { readonly kind: "exists"; readonly afterUnanswered: boolean }
  | { readonly kind: "unanswered"; readonly cause: Error };

/** What a look at an object came to. `forbidden`: this store's credentials may not look. */
export type HeadOutcome =
  | { readonly kind: "found"; readonly size: number; readonly facts: ObjectFacts | null }
  | { readonly kind: "missing" }
  | { readonly kind: "forbidden" };

/** Identity of a place that objects go to; two streams or states with equal identities meet there. */
export interface Place {
  readonly type: string;
  readonly endpoint: string;
  readonly bucket: string;
  readonly prefix: string;
}

/**
 * Objects under one prefix: a destination and the state root alike. Keys are relative to it, with `/` between parts.
 * A destination must do without the four readers (`head` may answer `forbidden`; the others throw DESTINATION_ACCESS_DENIED).
 */
export interface ObjectStore extends AsyncDisposable {
  readonly place: Place;
  /** How many objects may be sent at once; absent where one at a time is best. */
  readonly objectsAtOnce?: number;
  /**
   * Creates the object only when nothing stands at the key; durable when it answers `created`. `facts` are kept beside the bytes.
   * Throws BYTES_CHANGED, and stores nothing, when the body's bytes are not the ones that its hash says.
   */
  putNew(key: string, body: ObjectBody, facts: ObjectFacts | null, signal: AbortSignal): Promise<PutOutcome>;
  /**
   * Puts the object in the place of whatever stands at the key. Durable when it answers `created`, and whole at every instant; but of several writers the
   * last one stays, and what stood there before is gone: only for objects whose whole is told anew each time.
   */
  replace(
    key: string,
    body: ObjectBody,
    facts: ObjectFacts | null,
    signal: AbortSignal,
  ): Promise<Exclude<PutOutcome, { readonly kind: "exists" }>>;
  head(key: string, signal: AbortSignal): Promise<HeadOutcome>;
  /** The bytes, or null when nothing stands there. */
  get(key: string, signal: AbortSignal): Promise<Readable | null>;
  /** Keys below a prefix that ends in `/` (or is empty), in UTF-8 order. */
  list(prefix: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Removes the object; one that is not there is no error. */
  delete(key: string, signal: AbortSignal): Promise<void>;
  /** Absolute path of a key, for a store that is a folder of this machine; absent elsewhere. */
  readonly pathOf?: (key: string) => string;
}
