import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { configJsonSchema, modelJsonSchema } from "../src/config/json-schema.ts";
import { manifestJsonSchema } from "../src/files/manifest.ts";
import { openapiDocument } from "../src/serve/http/openapi-document.ts";
import { withKeyTables } from "./configuration-keys.ts";

// The schemas that editors check YAML with and consumers check manifests with; tests hold them in step with src/.
const folder = new URL("../schema/", import.meta.url);
await mkdir(folder, { recursive: true });
for (const [name, schema] of Object.entries({ config: configJsonSchema(), model: modelJsonSchema(), manifest: manifestJsonSchema() })) {
  const file = new URL(`${name}.schema.json`, folder);
  await writeFile(file, `${JSON.stringify(schema, null, 2)}\n`);
  console.log(fileURLToPath(file));
}

// The HTTP interface of the service.
const openapi = new URL("openapi.json", folder);
await writeFile(openapi, `${JSON.stringify(openapiDocument(), null, 2)}\n`);
console.log(fileURLToPath(openapi));

// The same descriptions as tables for people.
const page = new URL("../docs/configuration.md", import.meta.url);
await writeFile(page, withKeyTables(await readFile(page, "utf8")));
