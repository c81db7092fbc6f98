import { styleText } from "node:util";
import type { Host, Sink } from "./host.ts";

type Style = (text: string) => string;

/** Colours that mean something; plain text where colours are off. */
export interface Paint {
  readonly added: Style;
  readonly changed: Style;
  readonly removed: Style;
  readonly good: Style;
  readonly bad: Style;
  readonly warning: Style;
  readonly strong: Style;
  readonly faint: Style;
}

type Format = "green" | "yellow" | "red" | "bold" | "dim";

const plain: Style = (text) => text;

/** Paint that colours or does not. */
export function makePaint(colour: boolean): Paint {
  const style = (format: Format): Style => (colour ? (text) => styleText(format, text, { validateStream: false }) : plain);
  return {
    added: style("green"),
    changed: style("yellow"),
    removed: style("red"),
    good: style("green"),
    bad: style("red"),
    warning: style("yellow"),
    strong: style("bold"),
    faint: style("dim"),
  };
}

/** Whether a stream gets colours: --no-color, NO_COLOR and TERM=dumb say no, FORCE_COLOR says yes, else a terminal does. */
export function wantsColour(sink: Sink, env: Host["env"], refused: boolean): boolean {
  if (refused) return false;
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return sink.isTty && env["TERM"] !== "dumb";
}
