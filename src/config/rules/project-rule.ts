import type { Stream } from "../../core/types.ts";
import type { CompiledConfig, LoadedConfig } from "../load-config.ts";
import type { ModelFile } from "../load-models.ts";

/** A stream with the file it came from. */
export interface CompiledStream {
  readonly stream: Stream;
  readonly model: ModelFile;
}

/** Everything that was read, in front of the rules that compare files. */
export interface RuledProject {
  readonly config: LoadedConfig;
  /** Null when config.yaml was refused. */
  readonly compiled: CompiledConfig | null;
  readonly models: readonly ModelFile[];
  /** Streams of the models that no rule refused. */
  readonly streams: readonly CompiledStream[];
}

/** Checks one thing that takes several files to see, and reports what breaks it. */
export type ProjectRule = (project: RuledProject) => void;
