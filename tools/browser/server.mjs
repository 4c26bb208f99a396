import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("../..", import.meta.url));

// build builds the example and returns the path of the program.
export function build() {
  const program = join(mkdtempSync(join(tmpdir(), "payments-")), "payments");
  execFileSync("go", ["build", "-o", program, "./examples/payments"], { cwd: project, stdio: "inherit" });
  return program;
}

// startServer starts the program on ports of its own until the test ends, and
// returns the address of its page, without a final slash.
export async function startServer(t, program, ...flags) {
  const server = spawn(program, ["-http", "127.0.0.1:0", "-grpc", "127.0.0.1:0", ...flags], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise((resolve) => server.on("exit", resolve));
  t.after(() => {
    server.kill();
    return ended;
  });
  for await (const line of createInterface({ input: server.stdout })) {
    const found = /^Checkout page for a browser: (http:\S+)\/$/.exec(line);
    if (found) {
      server.stdout.resume(); // a full pipe would block the server
      return found[1];
    }
  }
  throw new Error("the server did not print the address of its page");
}

// ledgerOf returns the entries of the server's ledger, read over REST: not what the
// page says about them.
export async function ledgerOf(server) {
  const response = await fetch(`${server}/v1/payments`);
  return (await response.json()).payments ?? [];
}
