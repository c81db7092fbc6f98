import type { Connections } from "../../config/load-connections.ts";
import { SyncError } from "../../core/errors.ts";
import type { Source } from "../../core/ports.ts";
import { openEngine } from "../../engine/open-engine.ts";
import { openSource } from "../../sources/open-source.ts";

/** Sources of a project, each opened once, when it is asked for. */
export class OpenSources implements AsyncDisposable {
  readonly #connections: Connections;
  readonly #opened = new Map<string, Source>();
  readonly #resources: AsyncDisposable[] = [];

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  async open(name: string, signal: AbortSignal): Promise<Source> {
    const known = this.#opened.get(name);
    if (known !== undefined) return known;
    const { sources, engine: limits, root } = this.#connections;
    const spec = sources.find((each) => each.name === name);
    if (spec === undefined) throw new SyncError("INTERNAL", `No source is called ${name}.`);
    const engine = await openEngine(limits, signal);
    this.#resources.unshift(engine);
    const context = { engine, stream: "new", run: "new", folder: root, scratch: limits.tempDirectory };
    const source = await openSource(spec, context, signal);
    this.#resources.unshift(source);
    this.#opened.set(name, source);
    return source;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const resource of this.#resources) await resource[Symbol.asyncDispose]();
  }
}
