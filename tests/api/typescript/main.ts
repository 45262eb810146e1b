// Drives the real server; prints one JSON object, which the test compares with its own reading.
import { Client, DOCUMENTS, ProblemError } from "./client.js";

const [url, token] = [process.env["API_URL"] ?? "", process.env["API_TOKEN"] ?? ""];
const client = new Client(url, token);
const instance = "site";

const instances = await client.get("/api/v1/instances", {});
const doctypes = await client.get("/api/v1/instances/{instance}/doctypes", { path: { instance } });

const names: string[] = [];
const filters = { docstatus__in: "0,1", name__isnull: "0" };
for await (const one of client.walk(instance, "Sales Invoice", { size: 20, filters })) {
  names.push(one.name);
}

const customers: string[] = [];
for await (const { name } of client.walk(instance, "Customer", { sort: "name" })) {
  const read = await client.get(`${DOCUMENTS}/{name}`, {
    path: { instance, doctype: "Customer", name },
  });
  customers.push(read.name);
}

const codes: string[] = [];
for (const doctype of ["Nothing", "Customer"]) {
  try {
    await client.get(DOCUMENTS, {
      path: { instance, doctype },
      query: { filters: { nothing__exact: "1" } },
    });
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    codes.push(error.problem.code);
  }
}

console.log(
  JSON.stringify({
    instances: instances.items.map((one) => one.instance),
    doctypes: doctypes.items.filter((one) => one.documents !== 0).length,
    names,
    customers,
    codes,
  }),
);
