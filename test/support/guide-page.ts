import { readFile } from "node:fs/promises";
import { execute } from "./execute.ts";
import type { TempFolder } from "./temp-folder.ts";

/** One thing that a reader of a page does, and what the page says happens. */
export type GuideStep =
  | { readonly kind: "file"; readonly path: string; readonly content: string; readonly line: number }
  | {
      readonly kind: "commands";
      readonly commands: string;
      readonly line: number;
      /** The exit code that the page tells of; 0 unless it says otherwise. */
      readonly exit: number;
      /** Lines that the page shows as the answer, in order; `…` stands for anything. */
      readonly shown: readonly string[];
    };

const FENCE = /^```(?<info>\S[^\n]*)\n(?<body>[^]*?)^```$/gm;
const HIDDEN = /^<!-- (?<kind>setup|file|exit)(?: (?<word>\S+))?(?: -->|\n(?<body>[^]*?)^-->)$/gm;

/**
 * The steps of a page, in order:
 * - a block fenced as `sh` is run;
 * - `<!-- exit 2 -->` before it says that it ends with 2;
 * - a block fenced as `text` right after it (prose between them is fine) shows lines of its answer, in order, blanks not counted, `…` for anything;
 * - `<!-- file models/users.yaml -->` before a block of any language says that the reader has that file;
 * - `<!-- setup`, lines of shell, `-->` runs what a reader of the page has done already and is not shown to him.
 */
export function guideSteps(page: string): readonly GuideStep[] {
  const found = [...page.matchAll(FENCE), ...page.matchAll(HIDDEN)].toSorted((a, b) => a.index - b.index);
  const steps: GuideStep[] = [];
  let file: string | null = null;
  let exit = 0;
  for (const match of found) {
    const { info, kind, word, body = "" } = match.groups ?? {};
    const line = page.slice(0, match.index).split("\n").length;
    const last = steps.at(-1);
    if (kind === "file") file = word ?? null;
    else if (kind === "exit") exit = Number(word);
    else if (kind === "setup") steps.push({ kind: "commands", commands: body, line, exit: 0, shown: [] });
    else if (file !== null) {
      steps.push({ kind: "file", path: file, content: body, line });
      file = null;
    } else if (info === "sh") {
      steps.push({ kind: "commands", commands: body, line, exit, shown: [] });
      exit = 0;
    } else if (info === "text" && last?.kind === "commands") {
      steps[steps.length - 1] = { ...last, shown: [...last.shown, ...body.split("\n").filter((each) => each.trim() !== "")] };
    }
  }
  return steps;
}

/** Does what a page says in a folder and returns what went otherwise than it tells; variables and the folder one is in carry over. */
export async function followGuide(path: string, folder: TempFolder, preamble: string): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const step of guideSteps(await readFile(path, "utf8"))) {
    if (step.kind === "file") {
      await folder.write(step.path, step.content);
      continue;
    }
    const state = folder.at(".guide-shell");
    const script = [
      `cd ${JSON.stringify(folder.path)}; [ ! -e ${state} ] || . ${state}`,
      preamble,
      `trap 'code=$?; { declare -px; echo "cd \\"$PWD\\""; } > ${state}; exit $code' EXIT`,
      "set -euo pipefail",
      step.commands,
    ];
    const { code, stdout, stderr } = await execute("bash", ["-c", script.join("\n")], { cwd: folder.path, env: { NO_COLOR: "1" } });
    const said = stdout + stderr;
    const missing = firstMissing(said, step.shown);
    if (code !== step.exit) wrong.push(`line ${step.line}: ended with ${code}, not ${step.exit}:\n${said}`);
    else if (missing !== null) wrong.push(`line ${step.line}: does not say ${JSON.stringify(missing)}:\n${said}`);
  }
  return wrong;
}

/** The first line that an answer does not have, in the order of the page; null when it has all of them. */
export function firstMissing(said: string, shown: readonly string[]): string | null {
  const lines = said.split("\n").map(squeeze);
  let from = 0;
  for (const line of shown) {
    const wanted = new RegExp(`^${squeeze(line).split("…").map(literally).join(".*")}$`);
    const at = lines.findIndex((each, index) => index >= from && wanted.test(each));
    if (at === -1) return line;
    from = at + 1;
  }
  return null;
}

function squeeze(line: string): string {
  return line.trim().replaceAll(/\s+/g, " ");
}

function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
