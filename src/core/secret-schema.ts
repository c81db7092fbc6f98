import { z } from "zod";
import { Secret } from "./secret.ts";

const secretText = z
  .string()
  .min(1)
  .describe("The secret itself; write `${NAME}` so that it stands in the environment and not in the file.")
  .transform((text) => new Secret(text));

const secretFile = z
  .strictObject({
    file: z.string().min(1).describe("File that holds the secret; one line end at its end is dropped. Example: `/run/secrets/password`."),
  })
  .describe("Read from a file, anew for each run.");

const secretCommand = z
  .strictObject({
    command: z
      .array(z.string())
      .min(1)
      .describe(
        "Program and arguments, run without a shell; what it prints is the secret. Example: `[vault, kv, get, -field=password, db]`.",
      ),
  })
  .describe("Printed by a command, run anew for each run.");

/** The three ways to write a secret in YAML; parses to a SecretRef. Adapters use it for every option that must not show. */
export const secretSchema = z.union([secretText, secretFile, secretCommand]);
