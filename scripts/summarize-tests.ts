/** Reads vitest's JSON reports and ends on one line, `N passed, N failed, N skipped`. A failure fails the build, and so does a skip. */
import { readFile } from "node:fs/promises";

interface TestReport {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

// Outcomes of what ran beside vitest are words; everything else is a report.
const WORDS = ["passed", "failed", "skipped"];
const paths = process.argv.slice(2).filter((word) => !WORDS.includes(word));
const reports = await Promise.all(paths.map(async (path) => JSON.parse(await readFile(path, "utf8")) as TestReport));
const files = reports.flatMap((report) => report.testResults);
const tests = files.flatMap((file) => file.assertionResults);
const passed = tests.filter((test) => test.status === "passed").length;
const failed = tests.filter((test) => test.status === "failed").length;
const skipped = tests.filter((test) => test.status !== "passed" && test.status !== "failed");
// A file that breaks outside its tests (an import, a hook) reports no failed test of its own.
const broken = files.filter((file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"));
const counted = failed + broken.length;
// Nothing passed, or vitest saw an error that belongs to no file: that is no success either.
const isWhole = reports.every(({ success, testResults }) => success && testResults.length > 0);
const unexplained = counted === 0 && (!isWhole || passed === 0) ? 1 : counted;
const failures = unexplained + process.argv.slice(2).filter((word) => WORDS.includes(word) && word !== "passed").length;

for (const test of skipped) console.log(`skipped: ${test.fullName}`);
for (const file of broken) console.log(`failed outside its tests: ${file.name}`);
console.log(`${passed} passed, ${failures} failed, ${skipped.length} skipped`);
process.exitCode = failures > 0 || skipped.length > 0 ? 1 : 0;
