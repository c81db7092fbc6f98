/** Which streams a person chose on the command line. */
export interface StreamChoice {
  readonly models: readonly string[];
  readonly select: readonly string[];
  readonly exclude: readonly string[];
  readonly all: boolean;
}
