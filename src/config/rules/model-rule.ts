import type { ModelFile } from "../load-models.ts";
import type { WrittenModel } from "../model-schema.ts";

/** A model that passed the schema, in front of the rules. */
export interface RuledModel {
  readonly model: ModelFile;
  readonly written: WrittenModel;
}

/** Names that models can refer to; null when config.yaml cannot be read far enough to tell. */
export interface KnownNames {
  readonly sources: readonly string[] | null;
  readonly destinations: readonly string[] | null;
  readonly alerts: readonly string[] | null;
}

/** Checks one thing about one model and reports what breaks it. */
export type ModelRule = (ruled: RuledModel, known: KnownNames) => void;
