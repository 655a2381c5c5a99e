/** What a call to the server may end with. */

export type ErrorKind =
  | "bad_input"
  | "not_found"
  | "limit"
  | "timeout"
  | "cancelled"
  | "unavailable"
  | "corrupt"
  | "internal"
  | "unauthorized"
  | "unreachable";

export class ApiError extends Error {
  readonly kind: ErrorKind;
  readonly status: number;
  /** Where in the query the fault stands: [start, end). */
  readonly position: [number, number] | undefined;

  constructor(kind: ErrorKind, message: string, status = 0, position?: [number, number]) {
    super(message);
    this.name = "ApiError";
    this.kind = kind;
    this.status = status;
    this.position = position;
  }
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const BY_STATUS: Record<number, ErrorKind> = {
  400: "bad_input",
  401: "unauthorized",
  403: "unauthorized",
  404: "not_found",
  408: "timeout",
  413: "limit",
  422: "bad_input",
  429: "limit",
  502: "unreachable",
  503: "unavailable",
  504: "timeout",
};

/** Reads Pharos' error form, Prometheus' (`{"status":"error","error":…}`) and plain text (Loki's). */
export function errorFromBody(status: number, body: string): ApiError {
  const kind = BY_STATUS[status] ?? "internal";
  try {
    const parsed = JSON.parse(body) as { error?: unknown };
    if (typeof parsed.error === "string") return new ApiError(kind, parsed.error, status);
    const own = parsed.error as { kind?: ErrorKind; message?: string } | undefined;
    if (own?.message) return new ApiError(own.kind ?? kind, own.message, status);
  } catch {
    // Not JSON: the text itself is the message.
  }
  const text = body.trim().slice(0, 500);
  return new ApiError(kind, text && !text.startsWith("<") ? text : `the server answered with status ${status}`, status);
}
