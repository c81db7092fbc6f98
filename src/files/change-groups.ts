import type { ChangeKind, FileChange, FileFormat } from "../core/types.ts";

/** The order in which a consumer applies the files of a generation: a key that left and came back ends up present. */
export const APPLY_ORDER: readonly FileChange[] = ["removed", "changed", "added", "full"];

/** Kinds of change that share files, and the name under which they are told. */
export interface FileGroup {
  readonly name: string;
  readonly kinds: readonly FileChange[];
}

/** Every group that a generation can have files of, in the order to apply them: the named ones, each other kind by itself, and `full`. */
export function fileGroups(format: Pick<FileFormat, "groups">): readonly FileGroup[] {
  const grouped = new Set<FileChange>(format.groups.flatMap((group): readonly ChangeKind[] => group.kinds));
  const alone = APPLY_ORDER.filter((kind) => !grouped.has(kind)).map((kind) => ({ name: kind, kinds: [kind] }));
  const named = format.groups.map(({ name, kinds }) => ({
    name,
    kinds: APPLY_ORDER.filter((kind) => kinds.some((each) => each === kind)),
  }));
  return [...named, ...alone].toSorted((a, b) => firstRank(a) - firstRank(b));
}

function firstRank(group: FileGroup): number {
  return Math.min(...group.kinds.map((kind) => APPLY_ORDER.indexOf(kind)));
}

/** Every name that files can be told under. */
export function changeNames(format: Pick<FileFormat, "groups">): readonly string[] {
  return fileGroups(format).map((group) => group.name);
}
