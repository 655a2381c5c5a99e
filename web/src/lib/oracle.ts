/** The reference implementation that tests compare with; never part of the shipped code. */

import { createRequire } from "node:module";

/** Its CommonJS build: the other one asks for named exports that moment-timezone does not have. */
export const grafana: typeof import("@grafana/data") = createRequire(import.meta.url)("@grafana/data");
