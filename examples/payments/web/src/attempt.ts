import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { payments } from "./client.js";
import { ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";
import type { CreatePaymentRequest } from "./gen/payments/v1/payments_pb.js";

// An Outcome is what the page knows after one attempt.
export interface Outcome {
  result: "ran" | "replayed" | "refused" | "failed" | "lost";
  text: string;
  retryAfter?: number; // milliseconds, if the server asks for another attempt
}

// attempt calls the server once, with the key.
export async function attempt(key: string, request: CreatePaymentRequest): Promise<Outcome> {
  let replayed = false;
  try {
    const payment = await payments.createPayment(request, {
      headers: { "Idempotency-Key": key },
      onHeader: (header) => { replayed = isReplay(header); },
    });
    return { result: replayed ? "replayed" : "ran", text: payment.id };
  } catch (reason) {
    return failure(ConnectError.from(reason));
  }
}

function isReplay(header: Headers): boolean {
  return header.get("Idempotent-Replayed") === "true";
}

function failure(error: ConnectError): Outcome {
  const info = error.findDetails(ErrorInfoSchema)[0];
  const refusal = info?.domain === "github.com/oncewire/idempotency" ? info : undefined;
  if (refusal !== undefined) {
    const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
    return {
      result: "refused",
      text: `${refusal.reason}, next: ${refusal.metadata.next}`,
      retryAfter: refusal.metadata.next === "retry_same_key" && delay ? durationMs(delay) : undefined,
    };
  }
  if (isReplay(error.metadata)) return { result: "replayed", text: error.message };
  // Without an answer nobody knows whether the server has acted.
  if (error.cause !== undefined || error.code === Code.Canceled) return { result: "lost", text: error.rawMessage };
  return { result: "failed", text: error.message };
}
