import type { Engine } from "../engine/open-engine.ts";

/** What a source is opened with, besides its own options. */
export interface SourceContext {
  readonly engine: Engine;
  /** The stream's name, for the warehouse's own query log. */
  readonly stream: string;
  readonly run: string;
  /** Absolute folder that relative file names in a query are looked up in. */
  readonly folder: string;
  /** Absolute folder for files that live no longer than the run; it need not be there yet. */
  readonly scratch: string;
}
