/** The bar above an open dashboard: its name and folder, time, and what can be done with it. */

import { Menu } from "@mantine/core";
import {
  IconArrowLeft,
  IconDeviceTv,
  IconDotsVertical,
  IconDownload,
  IconHome,
  IconPrinter,
  IconShare2,
  IconStar,
  IconStarFilled,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { DashboardMeta, ImportReport } from "../../api/types";
import { PageHeader } from "../../components/PageHeader";
import { RefreshPicker } from "../../components/RefreshPicker";
import { TimePicker } from "../../components/TimePicker";
import { copyText } from "../../lib/clipboard";
import { interpolate } from "../../lib/interpolate/interpolate";
import { describeRange, formatTime } from "../../lib/time";
import { useStars } from "../../state/stars";
import { homeDashboard, setHomeDashboard, toggleStar } from "../../state/storage";
import { usePatchUrl } from "../../state/urlState";
import { AnnotationToggles } from "./AnnotationToggles";
import { useDashboardState } from "./context";
import { DashboardLinks } from "./DashboardLinks";
import classes from "./DashboardView.module.css";
import { ReportMark } from "./ReportMark";
import { shareLink } from "./shareLink";
import type { Annotations } from "./useAnnotations";
import type { Variables } from "./useVariables";
import { VariableBar } from "./VariableBar";

interface Props {
  meta: DashboardMeta;
  report: ImportReport;
  variables: Variables;
  annotations: Annotations;
  /** One panel is shown alone. */
  viewed: boolean;
  busy: boolean;
  print: () => void;
}

export function DashboardHeader({ meta, report, variables, annotations, viewed, busy, print }: Props) {
  const { dashboard, time, scope, view } = useDashboardState();
  const title = scope ? interpolate(dashboard.title, scope) : dashboard.title;
  const visit = { uid: dashboard.uid, title: dashboard.title };
  const crumb = meta.folder && (
    <Link to="/dashboards" search={{ q: meta.folder } as never}>
      {meta.folder}
    </Link>
  );
  return (
    <>
      <PageHeader
        title={title}
        crumb={viewed ? undefined : crumb || undefined}
        mark={
          <>
            <StarButton visit={visit} />
            <ReportMark
              report={report}
              description={dashboard.description}
              source={meta.source}
              tags={dashboard.tags}
            />
          </>
        }
        below={
          <div className={classes.below}>
            {viewed && (
              <button type="button" className="button" onClick={() => view?.(null)}>
                <IconArrowLeft size={15} /> Back to the dashboard
              </button>
            )}
            <VariableBar variables={variables} />
            <AnnotationToggles annotations={annotations} />
            {!viewed && <DashboardLinks />}
          </div>
        }
      >
        {!dashboard.hideTimePicker && <TimePicker time={time} more={dashboard.quickRanges} />}
        <RefreshPicker time={time} intervals={dashboard.refreshIntervals} busy={busy} />
        <MoreMenu visit={visit} uid={dashboard.uid} print={print} />
      </PageHeader>
      <p className={`printOnly ${classes.printed}`}>
        {describeRange(time.raw, time.zone)}: {formatTime(time.range.fromMs, time.zone)} to{" "}
        {formatTime(time.range.toMs, time.zone)}
      </p>
    </>
  );
}

function StarButton({ visit }: { visit: { uid: string; title: string } }) {
  const isStarred = useStars().has(visit.uid);
  const Icon = isStarred ? IconStarFilled : IconStar;
  return (
    <button
      type="button"
      className="iconButton"
      aria-pressed={isStarred}
      aria-label="Star"
      title={isStarred ? "Take the star away" : "Give it a star: stars come first in lists"}
      onClick={() => toggleStar(visit)}
    >
      <Icon size={16} stroke={1.7} />
    </button>
  );
}

function MoreMenu({ visit, uid, print }: { visit: { uid: string; title: string }; uid: string; print: () => void }) {
  const { time, dashboard } = useDashboardState();
  const patch = usePatchUrl();
  const [said, setSaid] = useState("");
  const [isHome, setIsHome] = useState(() => homeDashboard()?.uid === uid);
  const share = async () => {
    const copied = await copyText(shareLink(location.href, time.range));
    setSaid(copied ? "The link is copied: it shows exactly this time." : "The link could not be copied.");
    setTimeout(() => setSaid(""), 4000);
  };
  const toggleHome = () => {
    setHomeDashboard(isHome ? null : visit);
    setIsHome(!isHome);
  };
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <button type="button" className="button" data-icon="true" aria-label="More" title="Share, print, export">
            <IconDotsVertical size={16} />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconShare2 size={15} />} onClick={() => void share()}>
            Copy link to this moment
          </Menu.Item>
          <Menu.Item leftSection={<IconPrinter size={15} />} onClick={print}>
            Print or save as PDF
          </Menu.Item>
          <Menu.Item
            leftSection={<IconDownload size={15} />}
            component="a"
            href={`/api/pharos/v1/dashboards/${encodeURIComponent(dashboard.uid)}/raw`}
            download
          >
            Export its JSON, unchanged
          </Menu.Item>
          <Menu.Item
            leftSection={<IconDeviceTv size={15} />}
            rightSection={<kbd>d k</kbd>}
            onClick={() => patch({ kiosk: "1" })}
          >
            Kiosk: full screen, no menus
          </Menu.Item>
          <Menu.Item leftSection={<IconHome size={15} />} onClick={toggleHome}>
            {isHome ? "Open Home first again" : "Open this dashboard first"}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <span role="status" className={classes.said} data-said={said !== ""}>
        {said}
      </span>
    </>
  );
}
