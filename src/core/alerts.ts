import type { SecretRef } from "./secret.ts";

/** What is told of a stream: it began to fail, is held, works again, is late, or has far from its usual number of rows. */
export const ALERT_EDGES = ["failed", "held", "recovered", "late", "deviation"] as const;
export type AlertEdge = (typeof ALERT_EDGES)[number];

interface SinkFacts {
  /** As models name it. */
  readonly name: string;
  readonly url: SecretRef;
  /** How long one try may take. */
  readonly timeoutMs: number;
}

/** A place that is told of edges, or (a heartbeat) that is called after each run that succeeded. */
export type AlertSink =
  | (SinkFacts & { readonly type: "slack"; readonly on: readonly AlertEdge[] })
  | (SinkFacts & { readonly type: "webhook"; readonly on: readonly AlertEdge[]; readonly secret: SecretRef })
  | (SinkFacts & { readonly type: "heartbeat"; readonly method: "GET" | "POST" });
