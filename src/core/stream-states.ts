/**
 * How a stream can stand. `new`: never opened. `unfinished`: a delivery is under way or waits to be finished. `held`: it waits for an answer.
 * `failed`: its newest run failed.
 */
export const STREAM_STATES = ["new", "ok", "unfinished", "held", "failed"] as const;
export type StreamState = (typeof STREAM_STATES)[number];
