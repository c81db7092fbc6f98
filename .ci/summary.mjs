// Reads a vitest JSON report and ends on one line: `N passed, N failed, N skipped`. Every failure and every skip fails the build.
import { readFileSync } from "node:fs";

const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
const tests = report.testResults.flatMap((file) => file.assertionResults);
const passed = tests.filter((test) => test.status === "passed").length;
const skipped = tests.filter((test) => ["skipped", "pending", "todo", "disabled"].includes(test.status));
// A file that breaks outside its tests (an import, a hook) reports no failed test of its own.
const broken = report.testResults.filter((file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"));
let failed = tests.length - passed - skipped.length + broken.length;
if (failed === 0 && (!report.success || passed === 0)) failed = 1;

for (const test of skipped) console.log(`skipped: ${test.fullName}`);
for (const file of broken) console.log(`failed outside its tests: ${file.name}`);
console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exit(failed > 0 || skipped.length > 0 ? 1 : 0);
