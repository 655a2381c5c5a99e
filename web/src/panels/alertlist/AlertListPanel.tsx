/** Alert list: what fires, waits or is quiet. */

import { useQuery } from "@tanstack/react-query";
import { getJson } from "../../api/client";
import { ago } from "../../lib/human";
import styles from "../lists.module.css";
import { PanelNote } from "../PanelNote";
import type { PanelProps } from "../types";
import { type AlertState, type ListedAlert, listedAlerts, type RulesAnswer } from "./alerts";

const REFRESH_MS = 30_000;

export default function AlertListPanel({ panel, width, height, interpolate }: PanelProps) {
  const { data, error, isPending } = useQuery({
    queryKey: ["rules"],
    queryFn: ({ signal }) => getJson<RulesAnswer>("/api/v1/rules", signal),
    refetchInterval: REFRESH_MS,
  });
  if (error || isPending) {
    return (
      <PanelNote width={width} height={height} text={error ? `The rules could not be read: ${error.message}` : ""} />
    );
  }
  const options = panel.options ?? {};
  const filled = {
    ...panel,
    options: {
      ...options,
      alertName: interpolate(String(options.alertName ?? "")),
      alertInstanceLabelFilter: interpolate(String(options.alertInstanceLabelFilter ?? "")),
    },
  };
  const alerts = listedAlerts(data, filled);
  if (options.viewMode === "stat") {
    return (
      <div className={styles.count} style={{ width, height, lineHeight: `${height}px` }}>
        <span className={alerts.some(({ state }) => state === "firing") ? styles.firing : styles.normal}>
          {alerts.length}
        </span>
      </div>
    );
  }
  if (alerts.length === 0) {
    return <PanelNote width={width} height={height} text="No alert matches." />;
  }
  return (
    <section
      className={styles.list}
      style={{ width, height }}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      aria-label={panel.title || "Alerts"}
    >
      <ul>
        {alerts.map((alert, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two alerts may have equal labels.
          <li key={index} className={styles.entry} title={labelText(alert)}>
            <span className={`${styles.dim} ${STYLE[alert.state]}`}>{TEXT[alert.state]}</span>
            <span className={styles.name}>
              {alert.name} <span className={styles.dim}>{alert.summary || labelText(alert)}</span>
            </span>
            {alert.sinceMs !== undefined && <span className={styles.dim}>{ago(alert.sinceMs, Date.now())}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

const TEXT: Record<AlertState, string> = { firing: "Firing", pending: "Pending", normal: "Normal", error: "Error" };
const STYLE: Record<AlertState, string | undefined> = {
  firing: styles.firing,
  pending: styles.pending,
  normal: styles.normal,
  error: styles.firing,
};

const labelText = ({ labels }: ListedAlert) =>
  Object.entries(labels)
    .filter(([name]) => name !== "alertname")
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
