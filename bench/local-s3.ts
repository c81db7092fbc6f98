import { startTestS3 } from "../test/support/s3/test-s3-server.ts";

// A process of its own, so that the server's memory and time are not the program's. Prints where it is and the keys; ends with its input.
const server = await startTestS3({});
server.buckets.add("bench");
const keys = server.accounts.addUser("bench", [{ actions: ["*"], resources: ["*"] }]);
console.log(JSON.stringify({ endpoint: server.endpoint, region: server.region, keys }));
process.stdin.resume();
process.stdin.on("end", () => void server[Symbol.asyncDispose]());
