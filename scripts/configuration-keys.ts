import { configJsonSchema, modelJsonSchema } from "../src/config/json-schema.ts";

const BEGIN = "<!-- keys: written by `npm run schemas` -->";
const END = "<!-- end of keys -->";

/** Keys whose entries differ by `type`, and what one of them is called. */
const KINDS = { sources: "Source", destinations: "Destination", alerts: "Alert" } as const;

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly default?: string | number | boolean | object;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

/** The page with its tables of keys made anew from the schemas. */
export function withKeyTables(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin === -1 || end < begin) throw new Error("docs/configuration.md has no place for the tables of keys");
  return `${page.slice(0, begin)}${BEGIN}\n\n${keyTables()}\n${page.slice(end)}`;
}

function keyTables(): string {
  const config = configJsonSchema() as Schema;
  const sections = [
    {
      title: "config.yaml",
      rows: rowsOf(config, "", (path) => !Object.keys(KINDS).includes(path) && path !== "defaults" && !path.startsWith("targets.")),
    },
    ...adapters(config, "sources"),
    ...adapters(config, "destinations"),
    ...adapters(config, "alerts"),
    { title: "A model file", rows: rowsOf(modelJsonSchema(), "", () => true) },
  ];
  return sections.map(({ title, rows }) => `### ${title}\n\n| key | meaning |\n|---|---|\n${rows.join("\n")}\n`).join("\n");
}

function adapters(config: Schema, kind: keyof typeof KINDS): readonly { readonly title: string; readonly rows: readonly string[] }[] {
  const below = config.properties?.[kind]?.additionalProperties;
  const branches = typeof below === "object" ? (below.oneOf ?? below.anyOf ?? []) : [];
  return branches.map((branch) => {
    const type = String(branch.properties?.["type"]?.const);
    return { title: `${KINDS[kind]}: \`type: ${type}\``, rows: rowsOf(branch, "", (path) => path !== "defaults") };
  });
}

/** One row a key, those below it after it; secrets and other unions of text and mapping end there. */
function rowsOf(schema: Schema, base: string, goesDeeper: (path: string) => boolean): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const path = base === "" ? name : `${base}.${name}`;
    const required = schema.required?.includes(name) === true ? " **Required.**" : "";
    const choices = property.enum === undefined ? "" : ` One of ${property.enum.map((choice) => `\`${String(choice)}\``).join(", ")}.`;
    const described = property.description ?? `Always \`${String(property.const)}\`.`;
    const isTold = property.default === undefined || typeof property.default === "object" || /default/i.test(described);
    const meaning = `${described}${isTold ? "" : ` Default: \`${String(property.default)}\`.`}${choices}${required}`;
    const row = `| \`${path}\` | ${meaning.replaceAll("|", "\\|").replaceAll("\n", " ")} |`;
    return [row, ...(goesDeeper(path) ? rowsOf(property, path, goesDeeper) : []), ...columnRows(property, path)];
  });
}

/** What a column may be written as, below `columns`. */
function columnRows(property: Schema, path: string): readonly string[] {
  if (path !== "columns" || typeof property.additionalProperties !== "object") return [];
  const whole = `| \`columns.<output>\` | ${property.additionalProperties.description ?? ""} |`;
  return [whole, ...(property.additionalProperties.anyOf ?? []).flatMap((branch) => rowsOf(branch, "columns.<output>", () => false))];
}
