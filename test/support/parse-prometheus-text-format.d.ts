declare module "parse-prometheus-text-format" {
  /** One series; a histogram's has `count` and `sum` where it has no labels. */
  interface Series {
    readonly labels?: Readonly<Record<string, string>>;
    readonly value?: string;
    readonly count?: string;
    readonly sum?: string;
  }
  const parse: (text: string) => readonly { readonly name: string; readonly type: string; readonly metrics: readonly Series[] }[];
  export default parse;
}
