import type { ConfigFile, KeyPath, Located } from "./config-file.ts";

/**
 * One tree laid over another: mappings key by key, where `isWhole` does not say otherwise; anything else above replaces what is below.
 * Every value keeps the place that it was written at.
 */
export function overlay(below: Located, above: Located, isWhole: (path: KeyPath) => boolean, path: KeyPath = []): Located {
  if (!isMapping(below) || !isMapping(above) || isWhole(path)) return above;
  const children = new Map(above.children);
  for (const [key, child] of below.children) {
    const over = above.children.get(key);
    children.set(key, over === undefined ? child : overlay(child, over, isWhole, [...path, key]));
  }
  return mapping(above, children);
}

/** A mapping without some of its keys. */
export function without(located: Located, keys: readonly string[]): Located {
  return mapping(located, new Map([...located.children].filter(([key]) => !keys.includes(key))));
}

/** A tree that is to become part of another file's and goes on being reported at its own. */
export function graft(located: Located, home: ConfigFile): Located {
  const children = new Map([...located.children].map(([key, child]) => [key, graft(child, home)]));
  return { ...located, children, home: located.home ?? home };
}

function mapping(like: Located, children: ReadonlyMap<string, Located>): Located {
  return { ...like, value: Object.fromEntries([...children].map(([key, child]) => [key, child.value])), children };
}

function isMapping({ text, value }: Located): boolean {
  return text === null && !Array.isArray(value);
}
