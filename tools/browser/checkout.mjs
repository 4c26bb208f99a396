import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { ledgerOf } from "./server.mjs";

const screenshots = fileURLToPath(new URL("../../.tmp/browser", import.meta.url));

// The browser of CHROMIUM, which all tests of a file share. Playwright gives it a fresh
// profile.
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  headless: true,
  chromiumSandbox: false,
  args: ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
after(() => browser.close());

// openCheckout returns the checkout page at an address. Each test has a window without
// the cookies and the storage of others.
export async function openCheckout(t, address, ledgerServer = new URL(address).origin) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const failures = [];
  page.on("pageerror", (error) => failures.push(error.message));
  t.after(async () => {
    await context.close();
    assert.deepEqual(failures, [], "the script of the page failed");
  });
  await page.goto(address);
  return new Checkout(page, ledgerServer);
}

// Checkout is the page with the words of the tests.
export class Checkout {
  constructor(page, server) {
    this.page = page;
    this.server = server;
  }

  click(id) {
    return this.page.click(`#${id}`);
  }

  key() {
    return this.page.textContent("#key");
  }

  // want waits until the timeline has exactly these results, in the order of the
  // attempts, and returns the texts of the attempts.
  async want(...results) {
    await settles(() => this.results(), results);
    return this.page.$$eval("#timeline li", (items) => items.map((item) => item.textContent));
  }

  // wantRunAndReplay waits until one of two clicks ran and the other was replayed.
  // Either can reach the server first. One that finds the other running is refused,
  // and the page repeats it.
  async wantRunAndReplay() {
    const answered = async () => (await this.results()).filter((result) => result !== "refused").sort();
    await settles(answered, ["ran", "replayed"]);
  }

  results() {
    return this.page.$$eval("#timeline li", (items) => items.map((item) => item.dataset.result));
  }

  // wantEntries requires the number of charges: on the server and on the page.
  async wantEntries(number) {
    assert.equal((await ledgerOf(this.server)).length, number, "entries on the server");
    await settles(() => this.page.textContent("#count"), String(number));
    assert.equal(await this.page.locator("#ledger li").count(), number, "entries on the page");
  }

  screenshot(name) {
    mkdirSync(screenshots, { recursive: true });
    return this.page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
  }
}

// settles polls until the value is the wanted one. The limit is long because test
// machines can be slow.
async function settles(read, want) {
  for (const end = Date.now() + 30_000; ; await new Promise((resume) => setTimeout(resume, 20))) {
    const got = await read();
    if (JSON.stringify(got) === JSON.stringify(want)) return;
    if (Date.now() > end) assert.deepEqual(got, want);
  }
}
