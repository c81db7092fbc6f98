import { createHash } from "node:crypto";
import type { TempFolder } from "../temp-folder.ts";

/** Somebody in the warehouse. */
export interface Customer {
  email: string | null;
  plan: string;
  spent: number;
}

/** A warehouse that changes a little every day, by the day's number alone, and what each partner should hold of it. */
export class Warehouse {
  readonly customers = new Map<number, Customer>();
  readonly orders = new Map<string, { readonly customer: number; readonly total: string; readonly note: string | null }>();
  readonly events: { readonly id: string; readonly seen: string; readonly kind: string }[] = [];
  /** What acme's column of addresses is called. */
  address = "Mail";
  #nextId = 1;

  /** A day passes: some join, a few leave or change, orders come and are paid, events happen. */
  live(day: number, date: string): void {
    for (let at = 0; at < (day === 0 ? 60 : 2); at += 1) this.#join(day);
    const ids = [...this.customers.keys()];
    const pick = (salt: number): number => ids[(day * 7919 + salt * 104_729) % ids.length] ?? 1;
    if (day > 0) this.customers.delete(pick(1));
    for (const salt of [2, 3, 4]) {
      const found = this.customers.get(pick(salt));
      if (found === undefined) continue;
      found.spent += 300 + ((day * 37) % 900);
      found.plan = ["free", "gold", "silver"][(day + salt) % 3] ?? "free";
      if (salt === 4) found.email = day % 4 === 0 ? null : `moved.${day}@example.com`;
    }
    for (const salt of [5, 6, 7]) this.#order(day, pick(salt), salt);
    for (const key of [...this.orders.keys()].filter((_, at) => at % 29 === day % 29).slice(0, 2)) this.orders.delete(key);
    for (const hour of ["01", "02", "03"]) {
      this.events.push({ id: `e${day}-${hour}`, seen: `${date}T${hour}:30:00`, kind: `kind, "${day % 5}"` });
    }
  }

  #join(day: number): void {
    const id = this.#nextId;
    this.#nextId += 1;
    this.customers.set(id, { email: `person${id}@example.com`, plan: "free", spent: (id * 131 + day) % 1400 });
  }

  #order(day: number, customer: number, salt: number): void {
    const note = [null, "", "two\nlines", 'a "quote"; and, more', ` day ${day} `][(day + salt) % 5] ?? null;
    this.orders.set(`${customer}/${day}-${salt}`, { customer, total: `${day * 3 + salt}.${salt}0`, note });
  }

  /** Takes a customer out of every table. */
  forget(id: number): void {
    this.customers.delete(id);
    for (const [key, { customer }] of this.orders) if (customer === id) this.orders.delete(key);
  }

  /** Puts the tables where the project's queries read them. */
  async publish(folder: TempFolder): Promise<void> {
    const customers = [...this.customers].map(([id, { email, plan, spent }]) => ({ id, email, plan, spent }));
    const orders = [...this.orders].map(([key, order]) => ({ number: key.split("/")[1], ...order }));
    await folder.write("customers.json", JSON.stringify(customers));
    await folder.write("orders.json", JSON.stringify(orders));
    await folder.write("events.json", JSON.stringify(this.events));
  }

  /** What each stream's table should be. */
  tables(): Readonly<Record<string, readonly Readonly<Record<string, string | null>>[]>> {
    const customers = [...this.customers];
    return {
      "customers.acme": customers.map(([id, { email, plan }]) => ({ Id: String(id), [this.address]: email, Plan: plan })),
      "customers.beta": customers.map(([id, { plan }]) => ({ Who: createHash("sha256").update(String(id)).digest("hex"), Plan: plan })),
      orders: [...this.orders].map(([key, { customer, total, note }]) => ({
        customer: String(customer),
        number: key.split("/")[1] ?? "",
        total,
        note: note === "" ? "" : note,
      })),
      segments: customers.flatMap(([id, { spent, plan }]) => [
        ...(spent >= 1000 ? [{ Id: String(id), Segment: "big" }] : []),
        ...(plan === "gold" ? [{ Id: String(id), Segment: "gold" }] : []),
      ]),
      events: this.events.map(({ id, kind }) => ({ id, kind })),
    };
  }
}

const CONFIG = `version: 1
state: state
models: models
engine: {memory_limit: 128MB, threads: 1, temp_directory: tmp}
retention: {runs: 30d, log: 21d}
sources: {warehouse: {type: duckdb}}
destinations:
  acme: {type: local, path: out/acme}
  beta: {type: local, path: out/beta}
  gamma: {type: local, path: out/gamma}
`;

const read = (table: string, columns: string): string => `read_json('${table}.json', columns = {${columns}})`;
const CUSTOMERS = read("customers", "id: 'BIGINT', email: 'VARCHAR', plan: 'VARCHAR', spent: 'BIGINT'");
const ORDERS = read("orders", "customer: 'BIGINT', number: 'VARCHAR', total: 'DECIMAL(10,2)', note: 'VARCHAR'");
const EVENTS = read("events", "id: 'VARCHAR', seen: 'TIMESTAMP', kind: 'VARCHAR'");
const NIGHTLY = 'source: warehouse\nschedule: "0 6 * * *"\n';
const THRICE_A_WEEK = 'schedule: "0 6 * * 0,1,3"\n';
const MONDAYS = 'checkpoint: "0 6 * * 1"\n';

/** The model of customers, two deliveries; the address of acme's is called as told. */
export function customersModel(address: string): string {
  return `${NIGHTLY}${MONDAYS}query: "SELECT * FROM ${CUSTOMERS}"
primary_key: [id]
deliveries:
  acme: {destination: acme, columns: {Id: id, ${address}: email, Plan: plan}, file: {delimiter: ";"}}
  beta:
    destination: beta
    ${THRICE_A_WEEK.trim()}
    columns: {Who: {from: id, apply: [sha256]}, Plan: plan, Change: _change}
    changes: {all: [added, changed, removed]}
    file: {format: txt, compression: gzip, newline: crlf}
`;
}

/** Writes the project: three partners, four models, five streams. */
export async function writeProject(folder: TempFolder): Promise<void> {
  await folder.write("config.yaml", CONFIG);
  await folder.write("models/customers.yaml", customersModel("Mail"));
  await folder.write(
    "models/orders.yaml",
    `${NIGHTLY}${MONDAYS}destination: acme
query: "SELECT * FROM ${ORDERS}"
primary_key: [customer, number]
guards: {max_removed: 20%, above_rows: 20}
file: {quote: non_null, "null": "\\\\N"}
`,
  );
  await folder.write(
    "models/segments.yaml",
    `source: warehouse
${THRICE_A_WEEK}${MONDAYS}destination: gamma
audiences:
  entity: {query: "SELECT * FROM ${CUSTOMERS}", key: id}
  members: {big: spent >= 1000, gold: plan = 'gold'}
columns: {Id: id, Segment: _audience}
`,
  );
  await folder.write(
    "models/events.yaml",
    `source: warehouse
${THRICE_A_WEEK}destination: beta
query: "SELECT * FROM ${EVENTS}"
primary_key: [id]
mode: append
cursor: {column: seen, start: 2026-01-01}
columns: {id: id, kind: kind}
`,
  );
}
