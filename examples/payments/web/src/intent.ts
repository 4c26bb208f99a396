import { create, fromJson, toJson, type MessageInitShape } from "@bufbuild/protobuf";
import { CreatePaymentRequestSchema, type CreatePaymentRequest } from "./gen/payments/v1/payments_pb.js";

// An intent is one payment that the user means to make, however many attempts it
// takes. Its key is minted once; every attempt sends it.
export interface Intent {
  key: string;
  request: CreatePaymentRequest; // of the first attempt
}

const place = "intent";

// currentIntent returns the intent of this tab. A page that is loaded again still
// has it: the user may reload after a lost reply.
export function currentIntent(): Intent | undefined {
  const stored = sessionStorage.getItem(place);
  if (stored === null) return undefined;
  const { key, request } = JSON.parse(stored);
  return { key, request: fromJson(CreatePaymentRequestSchema, request) };
}

// beginIntent mints the key, before the first attempt. Browsers have randomUUID in
// secure contexts only: HTTPS, or localhost.
export function beginIntent(init: MessageInitShape<typeof CreatePaymentRequestSchema>): Intent {
  const intent = { key: crypto.randomUUID(), request: create(CreatePaymentRequestSchema, init) };
  sessionStorage.setItem(place, JSON.stringify({
    key: intent.key,
    request: toJson(CreatePaymentRequestSchema, intent.request),
  }));
  return intent;
}

export function forgetIntent(): void {
  sessionStorage.removeItem(place);
}
