import type { SecretRef } from "./secret.ts";

/** Where the service listens, and what a request has to bring. */
export interface ServeOptions {
  readonly host: string;
  readonly port: number;
  /** null: none is asked for, which only a loopback address allows. */
  readonly token: SecretRef | null;
  /** Under which others reach it, for links; null where that is not known. */
  readonly publicUrl: string | null;
}
