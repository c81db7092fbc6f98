import { z } from "zod";
import { secretSchema } from "../core/secret-schema.ts";
import { Secret } from "../core/secret.ts";
import type { ServeOptions } from "../core/serve-options.ts";
import { absoluteSecrets } from "./absolute-secrets.ts";
import type { PathBase } from "./adapters.ts";

const SHORTEST_TOKEN = 16;

/** `serve` of config.yaml: where `sync serve` listens. */
export const serveSchema = z.strictObject({
  host: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe(
      "Address that is listened on; any that is not this machine's own loopback needs `token`. Default: `127.0.0.1`. Example: `0.0.0.0`.",
    ),
  port: z.int().min(0).max(65_535).default(8787).describe("Port that is listened on; 0: any free one. Default: 8787."),
  token: secretSchema
    .refine(
      (written) => !(written instanceof Secret) || written.reveal().length >= SHORTEST_TOKEN,
      `use at least ${SHORTEST_TOKEN} characters`,
    )
    .optional()
    .describe("What a request must bring as `Authorization: Bearer …`; at least 16 characters. Example: `${SPILLWAY_TOKEN}`."),
  public_url: z
    .string()
    .regex(/^https?:\/\/[^\s/]+/, "write an address that starts with https:// or http://")
    .optional()
    .describe("Address under which others reach this service, for links in alerts. Example: `https://spillway.example.com`."),
});

/** `serve`, with the paths of its secret made absolute. */
export function compileServe({ host, port, token, public_url: publicUrl }: z.output<typeof serveSchema>, base: PathBase): ServeOptions {
  return {
    host,
    port,
    token: token === undefined ? null : absoluteSecrets(token, base),
    publicUrl: publicUrl?.replace(/\/+$/, "") ?? null,
  };
}
