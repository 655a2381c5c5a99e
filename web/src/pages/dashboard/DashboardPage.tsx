/** `/d/<uid>/<slug>`: loads the dashboard; what it shows is in DashboardView. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { dashboardQuery } from "../../api/dashboards";
import { ApiError } from "../../api/error";
import { PageHeader } from "../../components/PageHeader";
import { EmptyView, ErrorView, LoadingView } from "../../components/StateView";
import { readDashboard } from "../../lib/dashboard/model";
import { one } from "../../lib/urlSearch";
import { rememberVisit } from "../../state/storage";
import { useUrlSearch } from "../../state/urlState";
import { useDashboards } from "../dashboards/list";
import { DashboardView } from "./DashboardView";

/** `/d-solo/<uid>/<slug>?panelId=4`: that panel alone, for frames of other pages. */
export function SoloPage() {
  const search = useUrlSearch();
  return <DashboardPage solo={(one(search, "panelId") ?? one(search, "viewPanel") ?? "").replace(/^panel-/, "")} />;
}

/** `/dashboard/db/<slug>`, the addresses of before Grafana 5: leads to the dashboard of that name. */
export function OldAddressPage() {
  const { slug = "" } = useParams({ strict: false }) as { slug?: string };
  const { data, error, refetch } = useDashboards();
  const navigate = useNavigate();
  const found = data?.find((d) => d.slug === slug && !d.error);
  useEffect(() => {
    if (found) {
      const to = `/d/${found.uid}/${found.slug}`;
      void navigate({ to, search: ((old: object) => old) as never, replace: true });
    }
  }, [found, navigate]);
  return (
    <>
      <PageHeader title="Dashboard" />
      {error && !data && (
        <ErrorView title="The dashboards could not be listed" error={error} onRetry={() => void refetch()} />
      )}
      {data && !found && (
        <EmptyView title={`No dashboard is called “${slug}”`}>
          <Link to="/dashboards">See all dashboards</Link>.
        </EmptyView>
      )}
    </>
  );
}

export function DashboardPage({ solo }: { solo?: string }) {
  const { uid = "" } = useParams({ strict: false }) as { uid?: string };
  const { data, error, refetch } = useQuery(dashboardQuery(uid));
  const dashboard = useMemo(() => data && { ...readDashboard(data.dashboard), uid }, [data, uid]);
  const title = dashboard?.title;
  useEffect(() => {
    if (title) rememberVisit({ uid, title });
  }, [uid, title]);

  if (dashboard && data) {
    return <DashboardView key={uid} dashboard={dashboard} meta={data.meta} report={data.report} solo={solo} />;
  }
  if (error instanceof ApiError && error.kind === "not_found") {
    return (
      <>
        <PageHeader title="Dashboard not found" />
        <EmptyView title={`No dashboard has the uid “${uid}”`}>
          It may have been removed or renamed. <Link to="/dashboards">See all dashboards</Link>.
        </EmptyView>
      </>
    );
  }
  if (error) {
    return (
      <>
        <PageHeader title="Dashboard" />
        <ErrorView title="This dashboard could not be opened" error={error} onRetry={() => void refetch()} />
      </>
    );
  }
  return (
    <>
      <PageHeader title="Dashboard" />
      <div style={{ padding: 16 }}>
        <LoadingView label="Loading the dashboard" />
      </div>
    </>
  );
}
