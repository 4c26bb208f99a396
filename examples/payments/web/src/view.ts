import type { Outcome } from "./attempt.js";
import type { Payment } from "./gen/payments/v1/payments_pb.js";

export function element<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

const titles: Record<Outcome["result"] | "entry" | "sent", string> = {
  sent: "Sent",
  ran: "Paid: the call ran",
  replayed: "Replayed: the first answer again",
  refused: "Refused: this call did not run",
  failed: "Failed",
  lost: "Reply lost: paid or not?",
  entry: "Charge",
};

// showAttempt appends an attempt, and returns the function that shows its outcome.
export function showAttempt(number: number, key: string, amount: bigint): (outcome: Outcome) => void {
  const what = `${number}. ${money(amount, "EUR")}, key ${key.slice(0, 8)}…`;
  const item = document.createElement("li");
  element("timeline").append(item);
  fill(item, "sent", what);
  return (outcome) => fill(item, outcome.result, `${what}: ${outcome.text}`);
}

export function showKey(key: string | undefined): void {
  element("key").textContent = key ?? "none yet: the first attempt mints it";
  element<HTMLButtonElement>("retry").disabled = key === undefined;
}

export function showLedger(entries: Payment[]): void {
  element("count").textContent = String(entries.length);
  element("ledger").replaceChildren(...entries.map((payment) => {
    const item = document.createElement("li");
    fill(item, "entry", `${money(payment.amount, payment.currency)} from ${payment.customer}, ${payment.id}`);
    return item;
  }));
}

function fill(item: HTMLElement, result: keyof typeof titles, text: string): void {
  item.dataset.result = result;
  const title = document.createElement("strong");
  title.textContent = titles[result];
  item.replaceChildren(title, text);
}

function money(minor: bigint, currency: string): string {
  return `${(Number(minor) / 100).toFixed(2)} ${currency}`;
}
