import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { configJsonSchema, modelJsonSchema } from "../src/config/json-schema.ts";

// The schemas that editors check YAML with; a test holds them in step with src/config.
const folder = new URL("../schema/", import.meta.url);
await mkdir(folder, { recursive: true });
for (const [name, schema] of Object.entries({ config: configJsonSchema(), model: modelJsonSchema() })) {
  const file = new URL(`${name}.schema.json`, folder);
  await writeFile(file, `${JSON.stringify(schema, null, 2)}\n`);
  console.log(fileURLToPath(file));
}
