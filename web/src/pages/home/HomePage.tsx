/** Home: what is collected, whether it works, how much is kept, and what Pharos says about itself. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { getJson } from "../../api/client";
import type { HomeStatus } from "../../api/types";
import { PageHeader } from "../../components/PageHeader";
import { RefreshPicker } from "../../components/RefreshPicker";
import { ErrorView, LoadingView } from "../../components/StateView";
import { TimePicker } from "../../components/TimePicker";
import { REFRESH_INTERVALS } from "../../lib/dashboard/model";
import { span } from "../../lib/human";
import { homeDashboard } from "../../state/storage";
import { type TimeDefaults, useTimeState } from "../../state/timeState";
import { PanelCard } from "../dashboard/PanelCard";
import { PanelStage } from "../dashboard/PanelStage";
import { useBusy } from "../dashboard/useBusy";
import { Boards } from "./Boards";
import { FoundPrograms } from "./FoundPrograms";
import classes from "./HomePage.module.css";
import { Notices } from "./Notices";
import { homePanels } from "./panels";
import { Storage } from "./Storage";
import { Tails } from "./Tails";
import { Targets } from "./Targets";

const DEFAULTS: TimeDefaults = { from: "now-15m", to: "now", refresh: "5s", zone: "browser", weekStart: 1 };
const STATUS_MS = 5000;

/** `/`: the dashboard that was chosen to open first, or what Pharos says of itself. */
export function HomePage() {
  const [home] = useState(homeDashboard);
  const navigate = useNavigate();
  useEffect(() => {
    if (home) void navigate({ to: `/d/${encodeURIComponent(home.uid)}`, replace: true });
  }, [home, navigate]);
  return home ? null : <StatusPage />;
}

export function StatusPage() {
  const time = useTimeState(DEFAULTS);
  const [busy, setBusy] = useBusy();
  const { data, error, refetch } = useQuery({
    queryKey: ["home"],
    queryFn: ({ signal }) => getJson<HomeStatus>("/api/pharos/v1/home", signal),
    refetchInterval: STATUS_MS,
  });
  const host = data?.hostname ?? "";
  const panels = useMemo(() => homePanels(host), [host]);
  return (
    <PanelStage dashboard={panels.dashboard} time={time} onBusy={setBusy}>
      <PageHeader
        title="Home"
        mark={
          data && (
            <span className={classes.about}>
              {data.collecting ? (
                <Link to={`/d/host/host?var-instance=${encodeURIComponent(data.hostname)}` as string}>
                  {data.hostname}
                </Link>
              ) : (
                <b>{data.hostname}</b>
              )}{" "}
              Pharos {data.version}, up for {span(data.now_ms - data.started_ms)}
            </span>
          )
        }
      >
        <TimePicker time={time} />
        <RefreshPicker time={time} intervals={REFRESH_INTERVALS} busy={busy} />
      </PageHeader>
      <div className={classes.page}>
        {error && !data && (
          <ErrorView title="Pharos’ state could not be read" error={error} onRetry={() => void refetch()} />
        )}
        {!error && !data && <LoadingView label="Loading Pharos’ state" height={120} />}
        {data && <Notices notices={data.notices} />}
        {data?.collecting && (
          <div className={classes.tiles}>
            {panels.tiles.map((cell) => (
              <PanelCard key={cell.key} cell={cell} />
            ))}
          </div>
        )}
        <Boards />
        {data && (
          <>
            <FoundPrograms programs={data.found ?? []} onDecided={() => void refetch()} />
            <div className={classes.halves}>
              <Targets home={data} />
              <Tails home={data} />
            </div>
            <Storage home={data} />
          </>
        )}
        <div className={classes.log}>
          {panels.log.map((cell) => (
            <PanelCard key={cell.key} cell={cell} />
          ))}
        </div>
      </div>
    </PanelStage>
  );
}
