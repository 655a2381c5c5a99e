/**
 * Few files for what every page needs: HTTP/1.1 has six connections, and thirty small files keep the first questions
 * waiting. Libraries change seldom and have chunks of their own; the shell and the dashboard page are one chunk each;
 * what is rare stays as it falls.
 */

interface Modules {
  getModuleInfo: (id: string) => { importedIds: readonly string[] } | null;
}

const LIBRARIES: [name: string, pattern: RegExp][] = [
  ["react", /node_modules\/(react|react-dom|scheduler)\//],
  ["uplot", /node_modules\/uplot\//],
  ["text", /node_modules\/(marked|dompurify)\//],
];
const ROOTS: [name: string, ending: string][] = [
  ["shell", "/src/main.tsx"],
  ["dashboard", "/src/pages/dashboard/DashboardPage.tsx"],
];

const src = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
const closures = new Map<string, ReadonlySet<string>>();

/** All that a module imports, and what those import; not what it loads later. */
function closureOf(root: string, modules: Modules): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [root];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    open.push(...(modules.getModuleInfo(id)?.importedIds ?? []));
  }
  return found;
}

function isWithin(root: string, id: string, modules: Modules): boolean {
  let closure = closures.get(root);
  if (!closure) {
    closure = closureOf(`${src}${root}`, modules);
    closures.set(root, closure);
  }
  return closure.has(id);
}

/** What stands first takes its modules first. */
export const chunkGroups = [
  ...LIBRARIES.map(([name, test]) => ({ name, test, priority: 3 })),
  ...ROOTS.map(([name, root], at) => ({
    name: (id: string, modules: Modules) => (isWithin(root, id, modules) ? name : null),
    debugName: name,
    priority: 2 - at,
  })),
];
