import { dirname, resolve } from "node:path";
import type { ModelFile } from "./load-models.ts";
import type { ProjectFiles } from "./project-files.ts";
import { readText } from "./read-text.ts";

/** The public keys that a model's files are encrypted to, as text; null (and each problem reported) when one cannot be had. */
export async function loadRecipients(
  { file, written }: ModelFile,
  { files, signal }: { readonly files: Pick<ProjectFiles, "show">; readonly signal: AbortSignal },
): Promise<readonly string[] | null> {
  const keys: string[] = [];
  const named = written?.file.pgp?.recipients ?? [];
  for (const [index, name] of named.entries()) {
    const home = file.at(["file", "pgp", "recipients", index])?.home ?? file;
    const path = resolve(dirname(home.path), name);
    const read = await readText(path, signal);
    const problem = read.ok ? keyProblem(read.text) : { message: read.message, hint: read.hint };
    if (problem !== null)
      file.report(
        "CONFIG_INVALID",
        { path: ["file", "pgp", "recipients", index] },
        `${files.show(path)}: ${problem.message}`,
        problem.hint,
      );
    else if (read.ok) keys.push(read.text);
  }
  return keys.length === named.length ? keys : null;
}

function keyProblem(text: string): { readonly message: string; readonly hint: string } | null {
  if (text.includes("-----BEGIN PGP PRIVATE KEY BLOCK-----"))
    return {
      message: "this is a private key, which only its owner may hold",
      hint: "ask the recipient for the public one, and for a new pair",
    };
  if (text.includes("-----BEGIN PGP PUBLIC KEY BLOCK-----")) return null;
  return { message: "this is no armored public key", hint: "gpg --armor --export ADDRESS makes one" };
}
