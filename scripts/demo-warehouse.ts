// Makes demo/warehouse.duckdb, the warehouse of config.example.yaml, when it is not there yet. `npm install` in a clone runs it.
import { join } from "node:path";
import { fileExists, makeDemoWarehouse } from "../src/cli/demo-warehouse.ts";

const root = join(import.meta.dirname, "..");
const database = join(root, "demo/warehouse.duckdb");
if (!(await fileExists(database))) await makeDemoWarehouse(join(root, "demo/warehouse.sql"), database, new AbortController().signal);
