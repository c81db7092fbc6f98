import type { AlertEdge } from "../../core/alerts.ts";

/** What sinks are told: one edge of one stream. Holds no row value and no secret. */
export interface Alert {
  /** The same however often it is sent. */
  readonly id: string;
  readonly edge: AlertEdge | "test";
  readonly stream: string;
  readonly model: string;
  readonly at: string;
  readonly run: string | null;
  readonly generation: number | null;
  /** The run's error code; null where none is meant. */
  readonly code: string | null;
  /** One line. */
  readonly title: string;
  readonly message: string;
  /** What to do, with the next commands in it. */
  readonly hint: string;
  readonly link: string | null;
}
