import { isAlias, isMap, isScalar, isSeq } from "yaml";
import type { Scalar } from "yaml";
import type { ConfigFile, KeyPath, Located, Span } from "./config-file.ts";
import { interpolateSql, interpolateText } from "./interpolate.ts";
import type { Variables } from "./interpolate.ts";
import { suggestName } from "./suggest.ts";

/** How the scalars of a file become values. */
export interface NodeReading {
  readonly variables: Variables;
  isSql(path: KeyPath): boolean;
  /** Undoes what was done to the text before it was parsed. */
  restore(text: string): string;
}

const MAX_DEPTH = 32;
const MAX_ALIASED = 10_000;

/** The value of a YAML tree with the place of each part; problems are reported on the file. Null when nothing can be made of it. */
export function readYamlNode(file: ConfigFile, root: unknown, reading: NodeReading): Located | null {
  return new NodeReader(file, reading).read(root, [], null);
}

interface KeyOfNode {
  readonly name: string;
  readonly span: Span;
}

class NodeReader {
  readonly #file: ConfigFile;
  readonly #reading: NodeReading;
  readonly #anchors = new Map<string, unknown>();
  readonly #open = new Set<unknown>();
  #aliasDepth = 0;
  #aliased = 0;
  #stopped = false;

  constructor(file: ConfigFile, reading: NodeReading) {
    this.#file = file;
    this.#reading = reading;
  }

  read(node: unknown, path: KeyPath, keySpan: Span | null): Located | null {
    if (this.#stopped) return null;
    const span = spanOf(node) ?? keySpan ?? { offset: 0, length: 1 };
    if (this.#aliasDepth > 0 && (this.#aliased += 1) > MAX_ALIASED)
      return this.#stop(span, "the aliases of this file stand for too many values", "write them out");
    if (path.length > MAX_DEPTH) return this.#stop(span, `the file is nested more than ${MAX_DEPTH} levels deep`, "use fewer levels");
    if (isAlias(node)) return this.#readAlias(node.source, span, path, keySpan);
    this.#refuseTag(node, span);
    if (this.#aliasDepth === 0 && hasAnchor(node)) this.#anchors.set(node.anchor, node);
    this.#open.add(node);
    const located = this.#readPlain(node, path, span, keySpan);
    this.#open.delete(node);
    return located;
  }

  #readPlain(node: unknown, path: KeyPath, span: Span, keySpan: Span | null): Located {
    if (isScalar(node)) return this.#readScalar(node, path, span, keySpan);
    if (isMap(node)) return this.#readMap(node.items, path, span, keySpan);
    if (isSeq(node)) return this.#readList(node.items, path, span, keySpan);
    return { value: null, span, keySpan, text: "", interpolated: false, children: new Map() };
  }

  #readMap(
    items: readonly { readonly key: unknown; readonly value?: unknown }[],
    path: KeyPath,
    span: Span,
    keySpan: Span | null,
  ): Located {
    const children = new Map<string, Located>();
    const value: Record<string, unknown> = {};
    for (const item of items) {
      const key = this.#readKey(item.key, span);
      if (key === null || !this.#acceptKey(key, children)) continue;
      const child = this.read(item.value, [...path, key.name], key.span);
      if (child === null) continue;
      children.set(key.name, child);
      value[key.name] = child.value;
    }
    return { value, span, keySpan, text: null, interpolated: false, children };
  }

  #readList(items: readonly unknown[], path: KeyPath, span: Span, keySpan: Span | null): Located {
    const children = new Map<string, Located>();
    const value: unknown[] = [];
    for (const item of items) {
      const child = this.read(item, [...path, value.length], null);
      if (child === null) continue;
      children.set(String(value.length), child);
      value.push(child.value);
    }
    return { value, span, keySpan, text: null, interpolated: false, children };
  }

  /** A key is the text that was written, so `null: ""` and `yes: a` name the keys that people see. */
  #readKey(node: unknown, mapSpan: Span): KeyOfNode | null {
    const span = spanOf(node) ?? mapSpan;
    if (isScalar(node)) {
      this.#refuseTag(node, span);
      return { name: this.#textOf(node), span };
    }
    this.#file.reportSpan("CONFIG_SYNTAX", span, "a key has to be plain text", "put quotes around it when it starts with `[`, `{` or `*`");
    return null;
  }

  #acceptKey(key: KeyOfNode, children: ReadonlyMap<string, Located>): boolean {
    if (key.name === "<<") {
      this.#file.reportSpan("CONFIG_SYNTAX", key.span, "merge keys are not part of YAML 1.2", "write the keys out");
    } else if (key.name === "__proto__") {
      this.#file.reportSpan("CONFIG_SYNTAX", key.span, "this name is not possible as a key", "choose another name");
    } else if (children.has(key.name)) {
      this.#file.reportSpan("CONFIG_SYNTAX", key.span, `the key "${key.name}" stands here twice`, "keep one of the two");
    } else {
      return true;
    }
    return false;
  }

  #readScalar(node: Scalar, path: KeyPath, span: Span, keySpan: Span | null): Located {
    const written = this.#textOf(node);
    const text = this.#interpolate(written, path, span);
    const interpolated = text !== written;
    const resolved = node.value;
    const isTyped = resolved === null || typeof resolved === "number" || typeof resolved === "boolean";
    return { value: isTyped && !interpolated ? resolved : text, span, keySpan, text, interpolated, children: new Map() };
  }

  #interpolate(written: string, path: KeyPath, span: Span): string {
    const { variables } = this.#reading;
    const result = this.#reading.isSql(path) ? interpolateSql(written, variables) : interpolateText(written, variables);
    const seen = new Map<string, number>();
    for (const problem of result.problems) {
      const nth = seen.get(problem.reference) ?? 0;
      seen.set(problem.reference, nth + 1);
      const hint = problem.name === null ? "write `$$` for a plain `$`" : unsetHint(problem.name, variables);
      const code = problem.name === null ? "CONFIG_INVALID" : "CONFIG_VARIABLE_UNSET";
      this.#file.reportSpan(code, this.#file.pieceOf(span, problem.reference, nth), problem.message, hint);
    }
    return result.text;
  }

  #readAlias(name: string, span: Span, path: KeyPath, keySpan: Span | null): Located | null {
    const target = this.#anchors.get(name);
    if (target === undefined) {
      this.#file.reportSpan("CONFIG_SYNTAX", span, `no anchor "&${name}" stands above`, "define it, or put the value in quotes");
      return null;
    }
    if (this.#open.has(target)) return this.#stop(span, `the alias "*${name}" holds itself`, "write the value out");
    this.#aliasDepth += 1;
    const located = this.read(target, path, keySpan);
    this.#aliasDepth -= 1;
    return located === null ? null : { ...located, span, keySpan };
  }

  #refuseTag(node: unknown, span: Span): void {
    const tag = typeof node === "object" && node !== null && "tag" in node ? node.tag : undefined;
    if (typeof tag !== "string" || (isScalar(node) && tag === "tag:yaml.org,2002:str")) return;
    const start = this.#file.text.lastIndexOf("!", span.offset);
    const written = /^![^\s,[\]{}]*/.exec(this.#file.text.slice(Math.max(0, start)))?.[0] ?? "!";
    this.#file.reportSpan(
      "CONFIG_SYNTAX",
      { offset: Math.max(0, start), length: written.length },
      `the tag ${written} is not supported`,
      "write the value without a tag",
    );
  }

  #textOf(node: Scalar): string {
    const text = typeof node.value === "string" ? node.value : (node.source ?? "");
    return this.#reading.restore(text);
  }

  #stop(span: Span, message: string, hint: string): null {
    this.#stopped = true;
    this.#file.reportSpan("CONFIG_SYNTAX", span, message, hint);
    return null;
  }
}

function unsetHint(name: string, variables: Variables): string {
  const near = suggestName(name, Object.keys(variables));
  const other = near !== null && near.startsWith("did you mean") ? near : null;
  return other ?? `set ${name} in the environment or in .env`;
}

function spanOf(node: unknown): Span | null {
  if (typeof node !== "object" || node === null || !("range" in node) || !Array.isArray(node.range)) return null;
  const range: readonly unknown[] = node.range;
  const [from, to] = range;
  return typeof from === "number" && typeof to === "number" ? { offset: from, length: Math.max(1, to - from) } : null;
}

function hasAnchor(node: unknown): node is { readonly anchor: string } {
  return typeof node === "object" && node !== null && "anchor" in node && typeof node.anchor === "string" && node.anchor !== "";
}
