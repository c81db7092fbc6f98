import { channel } from "node:diagnostics_channel";

/** A request to S3 that is tried again. */
export interface RetriedRequest {
  /** The server's code, or what kind of failure it was. */
  readonly code: string;
}

/** Where every request to S3 that is tried again is told, for whoever counts them; without a listener it costs nothing. */
export const RETRIES = channel("spillway:s3-retry");
