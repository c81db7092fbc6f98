import { isAbsolute, relative, sep } from "node:path";
import { sortNotes } from "./config-error.ts";
import type { ConfigIssue, ConfigNote } from "./config-error.ts";
import type { ConfigFile } from "./config-file.ts";

/** Every file of a project that was looked at, in the order people read them, and what was found in them. */
export class ProjectFiles {
  readonly #files: ConfigFile[] = [];
  readonly #issues: ConfigIssue[] = [];
  readonly #order: string[] = [];
  readonly #cwd: string;

  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  /** A path as a person would write it: relative when it is below the current folder, with `/` between parts. */
  readonly show = (path: string): string => {
    const below = relative(this.#cwd, path);
    return below === "" || below.startsWith("..") || isAbsolute(below) ? path : below.split(sep).join("/");
  };

  add(file: ConfigFile): void {
    this.#files.push(file);
    this.#order.push(file.display);
  }

  /** Adds problems that belong to no file that could be read. */
  addIssues(issues: readonly ConfigIssue[]): void {
    this.#issues.push(...issues);
    this.#order.push(...issues.map((issue) => issue.file));
  }

  /** Absolute paths of the files that could be read. */
  get paths(): readonly string[] {
    return this.#files.map((file) => file.path);
  }

  get issues(): readonly ConfigIssue[] {
    return sortNotes([...this.#issues, ...this.#files.flatMap((file) => file.issues)], this.#order);
  }

  get warnings(): readonly ConfigNote[] {
    return sortNotes(
      this.#files.flatMap((file) => file.warnings),
      this.#order,
    );
  }
}
