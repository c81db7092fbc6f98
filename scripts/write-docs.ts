// Writes docs/errors.md and docs/commands.md from the code tables and the help texts; a test holds them in step.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { commandDocs, errorDocs } from "./generated-docs.ts";

const docs = join(import.meta.dirname, "../docs");
await writeFile(join(docs, "errors.md"), errorDocs());
await writeFile(join(docs, "commands.md"), commandDocs());
