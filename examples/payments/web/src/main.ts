import { create } from "@bufbuild/protobuf";
import { attempt } from "./attempt.js";
import { cutNext, isCut, payments } from "./client.js";
import { CreatePaymentRequestSchema, type CreatePaymentRequest } from "./gen/payments/v1/payments_pb.js";
import { beginIntent, currentIntent, forgetIntent } from "./intent.js";
import { element, showAttempt, showKey, showLedger } from "./view.js";

let attempts = 0;
let refreshes = 0;

// handlerTime is long enough for a second click to find the first call running.
const handlerTime = { nanos: 300_000_000 };

function fromForm(): CreatePaymentRequest {
  return create(CreatePaymentRequestSchema, {
    customer: element<HTMLInputElement>("customer").value,
    amount: BigInt(element<HTMLInputElement>("amount").value),
    currency: "EUR",
    simulate: { delay: handlerTime },
  });
}

// send makes attempts with one key and one request, until the server asks for no
// more: after a refusal because the first call is still running, it asks for one.
async function send(key: string, request: CreatePaymentRequest): Promise<void> {
  for (;;) {
    const show = showAttempt(++attempts, key, request.amount);
    const outcome = await attempt(key, request);
    show(outcome);
    element<HTMLInputElement>("cut").checked = isCut();
    await refresh();
    if (outcome.retryAfter === undefined) return;
    await new Promise((resume) => setTimeout(resume, outcome.retryAfter));
  }
}

// pay sends what the form says. Only the first click mints a key.
async function pay(): Promise<void> {
  const request = fromForm();
  const intent = currentIntent() ?? beginIntent(request);
  showKey(intent.key);
  await send(intent.key, request);
}

// retry sends what the first attempt said, with its key.
async function retry(): Promise<void> {
  const intent = currentIntent();
  if (intent !== undefined) await send(intent.key, intent.request);
}

function newPayment(): void {
  forgetIntent();
  showKey(undefined);
}

// refresh shows the ledger, unless a later refresh has begun: its answer is newer.
async function refresh(): Promise<void> {
  const number = ++refreshes;
  try {
    const { payments: entries } = await payments.listPayments({});
    if (number === refreshes) showLedger(entries);
  } catch (error) {
    console.error("the ledger could not be read:", error);
  }
}

element("form").addEventListener("submit", (event) => {
  event.preventDefault();
  void pay();
});
element("double").addEventListener("click", () => {
  element("pay").click();
  element("pay").click();
});
element("retry").addEventListener("click", () => void retry());
element("new").addEventListener("click", newPayment);
element<HTMLInputElement>("cut").addEventListener("change", (event) => {
  cutNext((event.target as HTMLInputElement).checked);
});

showKey(currentIntent()?.key);
void refresh();
