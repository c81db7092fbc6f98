/**
 * How a stream can stand. `new`: never opened. `unfinished`: a delivery is under way or waits to be finished. `held`: it waits for an answer.
 * `failed`: its newest run failed. `retired`: it was closed, and delivers nothing any more.
 */
export const STREAM_STATES = ["new", "ok", "unfinished", "held", "failed", "retired"] as const;
export type StreamState = (typeof STREAM_STATES)[number];
