/** A warehouse's part of `npm run conformance:warehouses`. */
export interface Suite {
  /** Its folder below conformance/, whose tests are run. */
  readonly name: string;
  /** Why it cannot run here, in one line; null when it can. */
  readonly missing: () => string | null;
  /** Installs what is missing and starts what the tests talk to. `cache` is a folder that stays. */
  readonly start: (cache: string) => Promise<StartedSuite>;
}

/** What was started for a suite. */
export interface StartedSuite {
  /** Environment of its tests. */
  readonly env: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}
