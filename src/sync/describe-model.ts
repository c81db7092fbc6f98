import type { Source } from "../core/ports.ts";
import type { Column, ModelQuery } from "../core/types.ts";
import { audienceFault } from "./audience-fault.ts";
import { modelQuery } from "./model-query.ts";

/** Columns of a model's rows, without running its query; an error in the condition of an audience names it. */
export async function describeModel(source: Source, query: ModelQuery, signal: AbortSignal): Promise<readonly Column[]> {
  const sent = modelQuery(query, source.dialect);
  try {
    return await source.describe(sent, signal);
  } catch (error) {
    throw audienceFault(error, query, source.dialect, sent);
  }
}
