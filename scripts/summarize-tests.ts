/** Reads a vitest JSON report and ends on one line, `N passed, N failed, N skipped`. A failure fails the build, and so does a skip. */
import { readFile } from "node:fs/promises";

interface TestReport {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const report = JSON.parse(await readFile(process.argv[2] ?? "", "utf8")) as TestReport;
const tests = report.testResults.flatMap((file) => file.assertionResults);
const passed = tests.filter((test) => test.status === "passed").length;
const failed = tests.filter((test) => test.status === "failed").length;
const skipped = tests.filter((test) => test.status !== "passed" && test.status !== "failed");
// A file that breaks outside its tests (an import, a hook) reports no failed test of its own.
const broken = report.testResults.filter(
  (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
);
const counted = failed + broken.length;
// Nothing passed, or vitest saw an error that belongs to no file: that is no success either.
const unexplained = counted === 0 && (!report.success || passed === 0) ? 1 : counted;
// What ran beside vitest's report, and came to one word.
const failures = unexplained + process.argv.slice(3).filter((outcome) => outcome !== "passed").length;

for (const test of skipped) console.log(`skipped: ${test.fullName}`);
for (const file of broken) console.log(`failed outside its tests: ${file.name}`);
console.log(`${passed} passed, ${failures} failed, ${skipped.length} skipped`);
process.exitCode = failures > 0 || skipped.length > 0 ? 1 : 0;
