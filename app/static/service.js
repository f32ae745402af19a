// Asking the service for an answer, or for the reason why there is none, in words.

const PROXY_REASONS = {
  413: "the text is larger than it lets through",
  429: "it lets no more requests through for now",
  502: "it got no answer from the service",
  503: "it finds no service to ask",
  504: "the service took longer than it waits",
};

// Why the service gave no answer. Any other error is a fault of this page, and never shown as such.
export class ServiceError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

// Resolves to the decoded answer, the milliseconds it took and its Server-Timing header.
export async function ask(path, question, signal) {
  const headers = { "Content-Type": "application/json" };
  const started = performance.now();
  let response;
  let body;
  try {
    response = await fetch(path, { method: "POST", headers, body: JSON.stringify(question), signal });
    body = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ServiceError("The service did not answer. Is it still running? Try again in a moment.");
  }
  const elapsed = performance.now() - started;
  const answer = decode(body);
  if (!response.ok || !answer) throw new ServiceError(reason(response, answer), response.status);
  return { answer, elapsed, timing: response.headers.get("Server-Timing") ?? "" };
}

function decode(body) {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

// The service answers in JSON alone: anything else came from something between it and this page.
function reason({ status, headers }, answer) {
  const wait = /^\d+$/.exec(headers.get("Retry-After"));
  const later = wait ? ` Try again in ${wait} s.` : "";
  if (answer) return (answer.detail ?? answer.title ?? `The service answered ${status}.`) + later;
  const known = PROXY_REASONS[status];
  return `A proxy answered ${status}${known ? `: ${known}` : ", not the service"}.${later}`;
}
