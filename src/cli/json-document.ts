/** The one document that --json prints; keys are only ever added to it. */
export interface JsonDocument {
  readonly ok: boolean;
  readonly command: string | null;
  readonly data: unknown;
  readonly warnings: readonly string[];
  readonly error: JsonError | null;
}

/** An error as --json tells it. */
export interface JsonError {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly docs: string;
  readonly exit: number;
  readonly context: unknown;
  /** Every problem of the configuration files, for CONFIG_INVALID. */
  readonly issues: readonly unknown[];
}

/** The document as text. Keys become snake_case at every depth, so no object in it may have data for keys. */
export function jsonText(document: JsonDocument): string {
  return `${JSON.stringify({ schema: 1, ...snakeKeys(document) }, null, 2)}\n`;
}

/** Data whose keys are not this project's to rename, e.g. a JSON schema. */
export class Verbatim {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

function snakeKeys<T>(value: T): T;
function snakeKeys(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Verbatim) return value.value;
  if (Array.isArray(value)) return value.map((item: unknown) => snakeKeys(item));
  if (value instanceof Date || value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [snake(key), snakeKeys<unknown>(item)]));
}

function snake(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
