import { utcFormat } from "d3-time-format";
import type { KeySymbol } from "./key-language.ts";
import type { TimeDirective } from "./key-template.ts";
import type { PrintedPart } from "./print-key.ts";

/** What a part of a key can print. */
export function symbolsOf(part: PrintedPart): readonly KeySymbol[] {
  switch (part.kind) {
    case "literal":
      return part.text === "" ? [] : [{ kind: "words", words: [part.text] }];
    case "number":
      return [{ kind: "digits", length: part.width, orMore: true }];
    case "change":
      return [{ kind: "words", words: part.words }];
    case "run_id":
    case "split":
      return [{ kind: part.kind }];
    case "time":
      return part.pieces.map((piece) => ("text" in piece ? { kind: "words", words: [piece.text] } : directiveSymbol(piece.directive)));
  }
}

function directiveSymbol(directive: TimeDirective): KeySymbol {
  switch (directive) {
    case "Y":
    case "G":
      return { kind: "digits", length: 4, orMore: false };
    case "j":
      return { kind: "digits", length: 3, orMore: false };
    case "u":
      return { kind: "digits", length: 1, orMore: false };
    case "a":
    case "A":
      return { kind: "words", words: days().map(utcFormat(`%${directive}`)) };
    case "b":
    case "B":
      return { kind: "words", words: months().map(utcFormat(`%${directive}`)) };
    case "y":
    case "m":
    case "d":
    case "H":
    case "M":
    case "S":
    case "V":
      return { kind: "digits", length: 2, orMore: false };
  }
}

function days(): readonly Date[] {
  return Array.from({ length: 7 }, (_, at) => new Date(Date.UTC(2024, 0, 1 + at)));
}

function months(): readonly Date[] {
  return Array.from({ length: 12 }, (_, at) => new Date(Date.UTC(2024, at, 1)));
}
