import { compileFile } from "../compile-stream.ts";
import type { ModelRule } from "./model-rule.ts";

/** The delimiter is one character that cannot be taken for something else. */
export const delimiterIsValid: ModelRule = ({ model, written }) => {
  const { delimiter } = written.file;
  if (delimiter === undefined) return;
  const report = (message: string, hint: string): void =>
    model.file.report("CONFIG_INVALID", { path: ["file", "delimiter"] }, message, hint);
  if ([...delimiter].length !== 1) return report("the delimiter has to be one character", 'e.g. ";" or "\\t"');
  if (delimiter === '"' || delimiter === "\n" || delimiter === "\r")
    return report("a quote or a line end cannot be the delimiter", 'e.g. ";" or "\\t"');
  if (delimiter === "\0") report("NUL cannot be the delimiter", 'e.g. ";" or "\\t"');
};

/** The text for NULL stays apart from fields and lines. */
export const nullTextIsValid: ModelRule = ({ model, written }) => {
  const { nullText, delimiter } = compileFile(written.file);
  if (nullText.includes('"') || /[\r\n\0]/.test(nullText) || (delimiter !== "" && nullText.includes(delimiter))) {
    model.file.report(
      "CONFIG_INVALID",
      { path: ["file", "null"] },
      "the text for NULL holds a quote, a line end or the delimiter",
      "it is written without quotes: choose another",
    );
  }
};

/** The extension is a plain end of a name. */
export const extensionIsValid: ModelRule = ({ model, written }) => {
  const { extension } = written.file;
  if (extension === undefined || /^[A-Za-z0-9][A-Za-z0-9._-]*$|^$/.test(extension)) return;
  const hint = extension.startsWith(".")
    ? `write it without the dot: ${extension.replace(/^\.+/, "")}`
    : "letters, digits, `_`, `-` and `.`";
  model.file.report("CONFIG_INVALID", { path: ["file", "extension"] }, "the extension is not possible", hint);
};
