// The checkout page of examples/payments in a real browser. `make browser` runs it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openCheckout } from "./checkout.mjs";
import { build, startServer } from "./server.mjs";

const program = build();

const open = async (t, ...flags) => openCheckout(t, `${await startServer(t, program, ...flags)}/`);

test("a click on Pay charges once", async (t) => {
  const checkout = await open(t);
  await checkout.click("pay");
  await checkout.want("ran");
  await checkout.wantEntries(1);
});

test("a double click charges once", async (t) => {
  const checkout = await open(t);
  await checkout.page.dblclick("#pay");
  await checkout.wantRunAndReplay();
  await checkout.wantEntries(1);
});

test("with a server that waits, the second click gets the answer to the first", async (t) => {
  const checkout = await open(t, "-wait", "30s");
  await checkout.click("double");
  await checkout.wantRunAndReplay();
  assert.equal((await checkout.results()).length, 2, "attempts");
  await checkout.wantEntries(1);
});

test("a retry after a lost reply is a replay", async (t) => {
  const checkout = await open(t);
  await checkout.click("cut");
  await checkout.click("pay");
  await checkout.want("lost");
  await checkout.wantEntries(1);
  const key = await checkout.key();
  await checkout.click("retry");
  const [, replay] = await checkout.want("lost", "replayed");
  assert.equal(await checkout.key(), key);
  assert.match(replay, /Replayed.*pay_/);
  await checkout.wantEntries(1);
  await checkout.screenshot("lost-reply");
});

test("a retry after the connection broke is a replay", async (t) => {
  const checkout = await open(t);
  const procedure = "**/payments.v1.PaymentService/CreatePayment";
  await checkout.page.route(procedure, async (route) => {
    await route.fetch(); // the server has acted
    await route.abort("connectionreset");
  }, { times: 1 });
  await checkout.click("pay");
  await checkout.want("lost");
  await checkout.click("retry");
  await checkout.want("lost", "replayed");
  await checkout.wantEntries(1);
});

test("the key survives a reload of the page", async (t) => {
  const checkout = await open(t);
  await checkout.click("cut");
  await checkout.click("pay");
  await checkout.want("lost");
  const key = await checkout.key();
  await checkout.page.reload();
  await checkout.click("retry");
  await checkout.want("replayed");
  assert.equal(await checkout.key(), key);
  await checkout.wantEntries(1);
});

test("a new payment has a new key and charges again", async (t) => {
  const checkout = await open(t);
  await checkout.click("pay");
  await checkout.want("ran");
  const key = await checkout.key();
  await checkout.click("new");
  await checkout.click("pay");
  await checkout.want("ran", "ran");
  assert.notEqual(await checkout.key(), key);
  await checkout.wantEntries(2);
});

test("a key that is reused with another amount is refused", async (t) => {
  const checkout = await open(t);
  await checkout.click("pay");
  await checkout.want("ran");
  await checkout.page.fill("#amount", "9900");
  await checkout.click("pay");
  const [, refusal] = await checkout.want("ran", "refused");
  assert.match(refusal, /KEY_REUSED, next: use_new_key/);
  await checkout.wantEntries(1);
  await checkout.screenshot("key-reused");
});

test("the page of a server with tenants names its tenant", async (t) => {
  const checkout = await open(t, "-tenant-header", "X-Tenant");
  await checkout.click("pay");
  await checkout.want("ran");
});
