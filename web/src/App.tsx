/** Providers, and every route of the UI in one table. */

import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouteComponent,
  RouterProvider,
} from "@tanstack/react-router";
import { dashboardOf, dashboardQuery } from "./api/dashboards";
import { PageCrash } from "./components/PageCrash";
import { Shell } from "./components/Shell";
import { parseSearch, stringifySearch } from "./lib/urlSearch";
import { MissingPage } from "./pages/missing/MissingPage";
import { colorSchemeManager, cssVariables, theme } from "./theme";

/** Path and page. A page's code is loaded when it is first opened. */
const ROUTES: [path: string, page: RouteComponent][] = [
  ["/", lazyRouteComponent(() => import("./pages/home/HomePage"), "HomePage")],
  ["/dashboards", lazyRouteComponent(() => import("./pages/dashboards/DashboardsPage"), "DashboardsPage")],
  ["/d/$uid/{-$slug}", lazyRouteComponent(() => import("./pages/dashboard/DashboardPage"), "DashboardPage")],
  ["/d-solo/$uid/{-$slug}", lazyRouteComponent(() => import("./pages/dashboard/DashboardPage"), "SoloPage")],
  ["/dashboard/db/$slug", lazyRouteComponent(() => import("./pages/dashboard/DashboardPage"), "OldAddressPage")],
  ["/status", lazyRouteComponent(() => import("./pages/home/HomePage"), "StatusPage")],
  ["/import", lazyRouteComponent(() => import("./pages/import/ImportPage"), "ImportPage")],
  ["/explore", lazyRouteComponent(() => import("./pages/explore/ExplorePage"), "ExplorePage")],
];

const root = createRootRoute({ component: Shell, notFoundComponent: MissingPage });

const router = createRouter({
  routeTree: root.addChildren(
    ROUTES.map(([path, component]) => createRoute({ getParentRoute: () => root, path, component } as never)),
  ),
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultPendingMinMs: 0,
  defaultErrorComponent: PageCrash,
  scrollRestoration: true,
});

const queryClient = new QueryClient({
  defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false, staleTime: 5000 } },
});

// The first dashboard is asked for while its page's code is still on the way.
const first = dashboardOf(location.pathname);
if (first !== null) void queryClient.prefetchQuery(dashboardQuery(first));

export function App() {
  return (
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={colorSchemeManager}
      cssVariablesResolver={cssVariables}
    >
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
