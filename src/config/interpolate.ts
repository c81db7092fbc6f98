/** Variables by name; the environment laid over `.env`. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What is wrong with one `${…}`: its order among the references of the text, and the text to look for in the file. */
export interface VariableProblem {
  readonly reference: string;
  readonly message: string;
  readonly name: string | null;
}

/** A text with its variables replaced, and the references that could not be. */
export interface Interpolated {
  readonly text: string;
  /** False when there was nothing to replace. */
  readonly changed: boolean;
  readonly problems: readonly VariableProblem[];
}

const REFERENCE = /\$\$|\$\{([^}]*)\}|\$\{/g;
const INSIDE = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:-|:\?)([\s\S]*))?$/;
const SQL_REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** Replaces `${NAME}`, `${NAME:-default}`, `${NAME:?message}` and `$$` once; what was put in is not looked at again. */
export function interpolateText(text: string, variables: Variables): Interpolated {
  const problems: VariableProblem[] = [];
  const replaced = text.replace(REFERENCE, (reference: string, inside: string | undefined) => {
    if (reference === "$$") return "$";
    const parts = inside === undefined ? null : INSIDE.exec(inside);
    if (parts === null) {
      problems.push({ reference, name: null, message: "a variable is written ${NAME}, ${NAME:-default} or ${NAME:?message}" });
      return reference;
    }
    const [, name = "", operator, rest = ""] = parts;
    const value = variableOf(variables, name);
    if (operator === ":-") return value === undefined || value === "" ? rest : value;
    if (value !== undefined && !(operator === ":?" && value === "")) return value;
    const why = operator === ":?" && rest !== "" ? `: ${rest}` : "";
    problems.push({ reference, name, message: `the variable ${name} is ${value === "" ? "empty" : "not set"}${why}` });
    return "";
  });
  return { text: replaced, changed: REFERENCE_ANY.test(text), problems };
}

const REFERENCE_ANY = /\$\$|\$\{/;

/** Replaces only `${NAME}`, so that dollar quoting, parameters and JSON paths of SQL stay; `$${` stands for itself. */
export function interpolateSql(text: string, variables: Variables): Interpolated {
  const problems: VariableProblem[] = [];
  const replaced = text.replace(SQL_REFERENCE, (reference: string, name: string | undefined) => {
    if (name === undefined) return reference;
    const value = variableOf(variables, name);
    if (value !== undefined) return value;
    problems.push({ reference, name, message: `the variable ${name} is not set` });
    return "";
  });
  return { text: replaced, changed: replaced !== text, problems };
}

function variableOf(variables: Variables, name: string): string | undefined {
  return Object.hasOwn(variables, name) ? variables[name] : undefined;
}
