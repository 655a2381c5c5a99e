import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { budget } from "./build/budget.ts";
import { chunkGroups } from "./build/chunks.ts";
import { precompress } from "./build/precompress.ts";
import { preload } from "./build/preload.ts";

/** Where `npm run dev` finds a server. */
const server = process.env.PHAROS_DEV_SERVER ?? "http://127.0.0.1:3000";
const proxied = ["/api", "/loki", "/metrics", "/-/"];

export default defineConfig({
  plugins: [react(), preload(), budget(), precompress()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        codeSplitting: { groups: chunkGroups },
      },
    },
  },
  // The server refuses pages of other origins: behind the proxy this page is one of its own.
  server: {
    proxy: Object.fromEntries(
      proxied.map((path) => [
        path,
        { target: server, changeOrigin: true, headers: { origin: new URL(server).origin } },
      ]),
    ),
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["./build/test-setup.ts"],
    // A machine that is busy elsewhere is no failure.
    testTimeout: 60_000,
  },
});
