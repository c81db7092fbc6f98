import { resolve } from "node:path";
import { SyncError } from "../core/errors.ts";
import type { DbtManifest } from "./dbt/dbt-manifest.ts";
import { readManifest } from "./dbt/dbt-manifest.ts";
import { findDbtModel, relationOf } from "./dbt/find-dbt-model.ts";
import type { LoadedConfig } from "./load-config.ts";
import type { ModelFile } from "./load-models.ts";
import type { LoadedSql } from "./load-sql.ts";
import type { ProjectFiles } from "./project-files.ts";

/** The relation that a model's `table: {dbt: …}` means, and where that is written. */
export interface DbtTable {
  readonly model: ModelFile;
  readonly relation: string;
  /** The manifest and the node in it. */
  readonly origin: string;
}

/** The dbt project of a configuration, of which the manifest is read once, when the first model asks for it. */
export class DbtTables {
  readonly #config: LoadedConfig;
  readonly #root: string;
  readonly #files: ProjectFiles;
  readonly #found: DbtTable[] = [];
  #manifest: Promise<DbtManifest | SyncError> | null = null;

  constructor(config: LoadedConfig, root: string, files: ProjectFiles) {
    this.#config = config;
    this.#root = root;
    this.#files = files;
  }

  /** Tables that were asked for and found. */
  get found(): readonly DbtTable[] {
    return this.#found;
  }

  /** Absolute path of the manifest, when it was asked for. */
  get path(): string | null {
    return this.#manifest === null ? null : this.#path();
  }

  /** The query of a model whose table is a dbt model; null (and a problem reported) when it cannot be had. */
  async sqlOf(model: ModelFile, name: string, signal: AbortSignal): Promise<LoadedSql | null> {
    const { file } = model;
    const path = this.#path();
    if (path === null) {
      file.report(
        "CONFIG_INVALID",
        { path: ["table"], at: "key" },
        "config.yaml does not say where dbt's manifest is",
        "add there: dbt: {manifest: target/manifest.json}",
      );
      return null;
    }
    this.#manifest ??= readManifest(path, signal).catch(problemOf);
    const manifest = await this.#manifest;
    if (manifest instanceof SyncError) {
      this.#config.file.report(
        manifest.code,
        { path: ["dbt", "manifest"] },
        asIssue(manifest.message),
        manifest.hint === null ? null : asIssue(manifest.hint),
      );
      return null;
    }
    try {
      const node = findDbtModel(manifest, name);
      const relation = relationOf(node);
      this.#found.push({ model, relation, origin: `${this.#files.show(path)} ${node.unique_id}` });
      const span = file.at(["table"])?.span ?? { offset: 0 };
      return { sql: `SELECT * FROM ${relation}`, file: file.display, line: file.lineOf(span.offset) };
    } catch (error) {
      const { code, message, hint } = problemOf(error);
      file.report(code, { path: ["table", "dbt"] }, asIssue(message), hint === null ? null : asIssue(hint));
      return null;
    }
  }

  #path(): string | null {
    const written = this.#config.file.at(["dbt", "manifest"])?.text ?? null;
    return written === null ? null : resolve(this.#root, written);
  }
}

function problemOf(error: unknown): SyncError {
  if (error instanceof SyncError) return error;
  throw error;
}

/** Problems of files are told without a full stop and in small letters. */
function asIssue(sentence: string): string {
  const text = sentence.replace(/\.$/, "");
  return /^[A-Z][a-z]/.test(text) ? `${text.charAt(0).toLowerCase()}${text.slice(1)}` : text;
}
