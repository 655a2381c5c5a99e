/** Fails the build when opening the first dashboard would load more than the budget. */

import { brotliCompressSync, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const BROTLI_BYTES = 300_000;
const GZIP_BYTES = 380_000;
/** The route whose first load is measured. */
const PAGE = "/pages/dashboard/DashboardPage.tsx";

export function budget(): Plugin {
  return {
    name: "pharos-budget",
    apply: "build",
    // Vite adds the style sheets to its chunks late.
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const files = new Set<string>();
        const add = (name: string) => {
          const part = bundle[name];
          if (!part || files.has(name)) return;
          files.add(name);
          if (part.type !== "chunk") return;
          for (const imported of part.imports) add(imported);
          for (const css of part.viteMetadata?.importedCss ?? []) add(css);
        };
        for (const part of Object.values(bundle)) {
          const isFirst = part.type === "chunk" && (part.isEntry || part.moduleIds.some((id) => id.endsWith(PAGE)));
          if (isFirst) add(part.fileName);
        }
        const sizes = [...files].map((name) => {
          const part = bundle[name];
          const bytes = Buffer.from(part?.type === "chunk" ? part.code : (part?.source ?? ""));
          return { brotli: brotliCompressSync(bytes).length, gzip: gzipSync(bytes).length };
        });
        const brotli = sizes.reduce((sum, s) => sum + s.brotli, 0);
        const gzip = sizes.reduce((sum, s) => sum + s.gzip, 0);
        const text = `first dashboard: ${files.size} files, ${brotli} bytes brotli (of ${BROTLI_BYTES}), ${gzip} gzip (of ${GZIP_BYTES})`;
        if (brotli > BROTLI_BYTES || gzip > GZIP_BYTES) this.error(text);
        console.info(text);
      },
    },
  };
}
