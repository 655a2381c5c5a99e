/** Names the dashboard page's code in index.html, so that it is fetched beside the entry and not after it. */

import type { HtmlTagDescriptor, Plugin, Rolldown } from "vite";

/** The pages that people wait for are dashboards, and the others share most of this code. */
const PAGE = "/pages/dashboard/DashboardPage.tsx";

export function preload(): Plugin {
  return {
    name: "pharos-preload",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle = {} }) {
        const scripts = new Set<string>();
        const styles = new Set<string>();
        const add = (chunk: Rolldown.OutputChunk) => {
          if (scripts.has(chunk.fileName)) return;
          scripts.add(chunk.fileName);
          for (const css of chunk.viteMetadata?.importedCss ?? []) styles.add(css);
          for (const name of chunk.imports) {
            const imported = bundle[name];
            if (imported?.type === "chunk") add(imported);
          }
        };
        for (const part of Object.values(bundle)) {
          if (part.type === "chunk" && part.moduleIds.some((id) => id.endsWith(PAGE))) add(part);
        }
        const link = (name: string, attrs: Record<string, string>): HtmlTagDescriptor[] => {
          const href = `/${name}`;
          return html.includes(href) ? [] : [{ tag: "link", attrs: { ...attrs, href }, injectTo: "head" }];
        };
        return [
          ...[...scripts].flatMap((name) => link(name, { rel: "modulepreload", crossorigin: "" })),
          ...[...styles].flatMap((name) => link(name, { rel: "preload", as: "style", crossorigin: "" })),
        ];
      },
    },
  };
}
