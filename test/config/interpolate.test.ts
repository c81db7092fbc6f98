import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { interpolateSql, interpolateText } from "../../src/config/interpolate.ts";

const VARIABLES = { A: "1", EMPTY: "", NESTED: "${A}" };

describe("In a scalar", () => {
  test.each([
    ["${A}", "1"],
    ["x${A}y${A}z", "x1y1z"],
    ["${EMPTY}", ""],
    ["${EMPTY:-d}", "d"],
    ["${NONE:-d}", "d"],
    ["${NONE:-}", ""],
    ["${A:-d}", "1"],
    ["${A:?m}", "1"],
    ["$${A}", "${A}"],
    ["$$$${A}", "$${A}"],
    ["$$$${A}$$", "$${A}$"],
    ["$$", "$"],
    ["$A $ a$1", "$A $ a$1"],
    ["${NESTED}", "${A}"],
  ])("%s reads as %s", (written, read) => {
    expect(interpolateText(written, VARIABLES)).toMatchObject({ text: read, problems: [] });
  });

  test.each([
    ["${NONE}", "the variable NONE is not set"],
    ["${NONE:?say why}", "the variable NONE is not set: say why"],
    ["${EMPTY:?}", "the variable EMPTY is empty"],
    ["${toString}", "the variable toString is not set"],
    ["${}", "a variable is written ${NAME}, ${NAME:-default} or ${NAME:?message}"],
    ["${A", "a variable is written ${NAME}, ${NAME:-default} or ${NAME:?message}"],
    ["${A-b}", "a variable is written ${NAME}, ${NAME:-default} or ${NAME:?message}"],
  ])("%s is a problem", (written, message) => {
    expect(interpolateText(written, VARIABLES).problems.map((problem) => problem.message)).toEqual([message]);
  });

  test("text without a dollar is never touched, and doubling dollars brings any text through", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const escaped = text.replaceAll("$", "$$$$");
        expect(interpolateText(escaped, VARIABLES)).toMatchObject({ text, problems: [] });
      }),
    );
  });
});

describe("In SQL", () => {
  test.each([
    ["SELECT ${A}", "SELECT 1"],
    ["$$${A}$$", "$$${A}$$"],
    ["$$a$$ || ${A}", "$$a$$ || 1"],
    ["$q$ ${A} $q$", "$q$ 1 $q$"],
    ["$1, $2", "$1, $2"],
    ["'${A:-b}' '${}' '${1}'", "'${A:-b}' '${}' '${1}'"],
    ["${NESTED}", "${A}"],
  ])("%s reads as %s", (written, read) => {
    expect(interpolateSql(written, VARIABLES)).toMatchObject({ text: read, problems: [] });
  });

  test("a variable that is not set is a problem", () => {
    expect(interpolateSql("SELECT ${NONE}", VARIABLES).problems).toEqual([
      { reference: "${NONE}", name: "NONE", message: "the variable NONE is not set" },
    ]);
  });
});
