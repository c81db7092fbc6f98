import { SyncError } from "../core/errors.ts";
import type { SqlSession } from "../core/ports.ts";
import type { Stream } from "../core/types.ts";
import { duckdbLoader } from "../files/kit/duckdb-loader.ts";
import { kitColumns, type KitFacts, kitKey, kitTable } from "../files/kit/kit-facts.ts";
import { LOADER_FILES, LOADERS, type Loader, loaderObjection } from "../files/kit/kit-loaders.ts";
import { kitReadme } from "../files/kit/kit-readme.ts";
import { postgresLoader } from "../files/kit/postgres-loader.ts";
import { removedMarks } from "../files/kit/removed-marks.ts";
import { rowJsonSchema } from "../files/kit/row-schema.ts";
import { manifestJsonSchema } from "../files/manifest.ts";
import { describeModel } from "./describe-model.ts";
import { type SampleFile, withoutSecrets, writeSamples } from "./kit-samples.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** Everything that a partner gets for one stream: files by their path in the kit. */
export interface Kit {
  readonly stream: string;
  readonly key: readonly string[];
  readonly files: readonly SampleFile[];
  /** Each program, and why it is not part of the kit where it is not. */
  readonly loaders: readonly { readonly name: Loader; readonly file: string | null; readonly objection: string | null }[];
}

/** Programs that are the same for every stream, as texts. */
export type ReadyLoaders = Readonly<Record<"node" | "pandas", string>>;

/** Makes a stream's kit in a folder of its own. It asks the source for the columns of the model, and for no row. */
export async function makeKit(deps: SyncDeps, stream: Stream, ready: ReadyLoaders, folder: string, signal: AbortSignal): Promise<Kit> {
  if (!stream.manifest) throw withoutManifest(stream);
  await using engine = await deps.openEngine(signal);
  await using source = await deps.openSource(stream.source, { engine, stream: stream.name, run: deps.newRunId() }, signal);
  const columns = await describeModel(source, stream.query, signal);
  const mapping = deps.parts.resolveMapping({ ...stream, columns: withoutSecrets(stream.columns) }, columns);
  const facts = await kitFacts(engine, stream, mapping, signal);
  const samples = await writeSamples(engine, stream, mapping, folder, signal);
  const loaders = LOADERS.map((name) => {
    const objection = loaderObjection(name, facts);
    return { name, file: objection === null ? LOADER_FILES[name] : null, objection };
  });
  const texts = { ...ready, duckdb: () => duckdbLoader(facts), postgres: () => postgresLoader(facts) };
  const files = [
    text("README.md", kitReadme(facts, { keys: samples.map(({ key }) => key) })),
    text("kit.json", json({ version: 1, stream: facts.stream, key: facts.key, removed: facts.removed })),
    text("schema/manifest.schema.json", json(manifestJsonSchema())),
    text("schema/row.schema.json", json(rowJsonSchema(facts))),
    ...loaders.flatMap(({ name, file }) => {
      const made = texts[name];
      return file === null ? [] : [text(file, typeof made === "string" ? made : made())];
    }),
    ...samples.map(({ key, content }) => ({ key: `samples/${key}`, content })),
  ];
  return { stream: stream.name, key: facts.key, files, loaders };
}

async function kitFacts(
  session: SqlSession,
  stream: Stream,
  mapping: ReturnType<SyncDeps["parts"]["resolveMapping"]>,
  signal: AbortSignal,
): Promise<KitFacts> {
  return {
    stream: stream.name,
    table: kitTable(stream.name),
    mode: stream.mode,
    changes: stream.changes,
    columns: kitColumns(mapping),
    removedColumns: mapping.removed?.map((at) => mapping.header[at]?.name ?? "") ?? null,
    key: kitKey(stream, mapping),
    format: stream.fileFormat,
    ...(await removedMarks(session, mapping, stream.fileFormat, signal)),
  };
}

function text(key: string, content: string): SampleFile {
  return { key, content: { bytes: Buffer.from(content) } };
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function withoutManifest(stream: Stream): SyncError {
  return new SyncError(
    "KIT_WITHOUT_MANIFEST",
    `${stream.name} is delivered without manifests (file.manifest: false), which a kit is about.`,
    {
      hint: `Take \`manifest: false\` out of ${stream.file}; the next delivery then has one.`,
      context: { stream: stream.name },
    },
  );
}
