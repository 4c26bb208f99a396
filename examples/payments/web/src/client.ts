import { createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { PaymentService } from "./gen/payments/v1/payments_pb.js";

let cut = false;

// cutNext makes the network lose the reply to the next payment, or no reply.
export function cutNext(on: boolean): void {
  cut = on;
}

export function isCut(): boolean {
  return cut;
}

// lossyFetch loses a reply as a broken network does: the server has acted, and
// fetch fails. Reading calls use GET, and are never lost.
const lossyFetch: typeof fetch = async (input, init) => {
  const lost = cut && init?.method === "POST";
  if (lost) cut = false;
  const response = await fetch(input, init);
  if (!lost) return response;
  await response.body?.cancel();
  throw new TypeError("the reply was lost");
};

// withTenant names the tenant if the server was started with -tenant-header.
const withTenant: Interceptor = (next) => (request) => {
  const header = document.body.dataset.tenantHeader;
  if (header) request.header.set(header, "acme");
  return next(request);
};

// The page calls the server that it comes from, or the one of ?server=, which must
// allow this origin: see -cors-origin.
const baseUrl = new URLSearchParams(location.search).get("server") ?? location.origin;

export const payments = createClient(PaymentService, createConnectTransport({
  baseUrl,
  fetch: lossyFetch,
  interceptors: [withTenant],
  useHttpGet: true, // for methods without side effects
}));
