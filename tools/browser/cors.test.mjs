// The page of one server calls another one, as pages of other origins do.
import { test } from "node:test";
import { openCheckout } from "./checkout.mjs";
import { build, startServer } from "./server.mjs";

const program = build();

async function openAcross(t, flagsFor) {
  const site = await startServer(t, program);
  const api = await startServer(t, program, ...flagsFor(site));
  return openCheckout(t, `${site}/?server=${encodeURIComponent(api)}`, api);
}

test("an allowed page sends the key and reads the marker", async (t) => {
  const checkout = await openAcross(t, (site) => ["-cors-origin", site]);
  await checkout.click("pay");
  await checkout.want("ran");
  await checkout.click("retry");
  await checkout.want("ran", "replayed");
  await checkout.wantEntries(1);
});

test("a page of any other origin sends nothing", async (t) => {
  const checkout = await openAcross(t, () => ["-cors-origin", "https://shop.example"]);
  await checkout.click("pay");
  await checkout.want("lost");
  await checkout.wantEntries(0);
});
