/** A column of a model that is to be written. */
export interface DraftColumn {
  readonly name: string;
  /** The warehouse's name of the type; empty where it was not asked. */
  readonly type: string;
  readonly comment: string;
}

/** A model that is to be written. */
export interface ModelDraft {
  readonly name: string;
  readonly description: string;
  readonly source: string;
  readonly destination: string;
  readonly rows:
    | { readonly kind: "table"; readonly table: string }
    | { readonly kind: "dbt"; readonly name: string }
    | { readonly kind: "query"; readonly sql: string };
  readonly key: readonly string[];
  /** Why the key is believed to be one. */
  readonly keyReason: string;
  /** null: they are not known, and all of them go out. */
  readonly columns: readonly DraftColumn[] | null;
  /** What it was made from, for people. */
  readonly origin: string;
}
