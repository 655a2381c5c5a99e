/** Brings a Grafana file in: paste it, choose it or drop it; see what is understood of it, then keep it. */

import { IconFileImport } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type DragEvent, useRef, useState } from "react";
import { postJson } from "../../api/client";
import { ApiError } from "../../api/error";
import type { ImportReport } from "../../api/types";
import { PageHeader } from "../../components/PageHeader";
import { ErrorView } from "../../components/StateView";
import { ReportView } from "../dashboard/ReportMark";
import classes from "./ImportPage.module.css";
import { constantsOf, type Input, withConstants } from "./inputs";

interface Preview {
  dashboard: { title?: string; uid?: string; panels?: unknown[] };
  report: ImportReport;
}

interface Read {
  name: string;
  text: string;
  preview: Preview;
  constants: Input[];
}

/** The server's own bound. */
const MAX_BYTES = 32 * 1024 * 1024;

export function ImportPage() {
  const [read, setRead] = useState<Read | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [pasted, setPasted] = useState("");
  const file = useRef<HTMLInputElement>(null);

  const look = async (name: string, text: string) => {
    setError(null);
    try {
      const preview = await postJson<Preview>("/api/pharos/v1/dashboards/preview", { name, text });
      setRead({ name, text, preview, constants: constantsOf(text) });
    } catch (problem) {
      setRead(null);
      setError(problem);
    }
  };
  const take = async (files: FileList | null) => {
    const [first] = files ?? [];
    if (!first) return;
    if (first.size > MAX_BYTES) setError(new ApiError("limit", "The file is larger than 32 MiB."));
    else await look(first.name.replace(/\.json$/i, ""), await first.text());
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    void take(event.dataTransfer.files);
  };

  return (
    <>
      <PageHeader title="Import a dashboard" crumb={<Link to="/dashboards">Dashboards</Link>} />
      <div className={classes.page}>
        {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is a shortcut, the button beside it does the same */}
        <div className={classes.drop} onDragOver={(event) => event.preventDefault()} onDrop={drop}>
          <IconFileImport size={26} stroke={1.4} />
          <p>Drop a dashboard’s JSON file here, choose it, or paste its text below.</p>
          <button type="button" className="button" onClick={() => file.current?.click()}>
            Choose a file
          </button>
          <input
            ref={file}
            type="file"
            accept=".json,application/json"
            hidden
            aria-label="A dashboard's JSON file"
            onChange={(event) => void take(event.currentTarget.files)}
          />
        </div>
        <label className={classes.paste}>
          JSON of a dashboard
          <textarea
            className="field"
            rows={8}
            spellCheck={false}
            value={pasted}
            onChange={(event) => setPasted(event.currentTarget.value)}
            placeholder='{"title": "…", "panels": […]}'
          />
        </label>
        <button
          type="button"
          className="button"
          disabled={pasted.trim() === ""}
          onClick={() => void look("pasted", pasted)}
        >
          Look at it
        </button>
        {error !== null && <ErrorView title="This file was not read" error={error} />}
        {read && <Kept key={read.text} read={read} />}
      </div>
    </>
  );
}

function Kept({ read }: { read: Read }) {
  const { preview, constants } = read;
  const [values, setValues] = useState<Record<string, string>>(
    Object.fromEntries(constants.map((c) => [c.name, c.value])),
  );
  const [error, setError] = useState<unknown>(null);
  const client = useQueryClient();
  const navigate = useNavigate();
  const isTaken = error instanceof ApiError && error.kind === "limit";
  const keep = async (replace: boolean) => {
    setError(null);
    try {
      const text = withConstants(read.text, values);
      type Answer = { uid: string; slug: string };
      const kept = await postJson<Answer>("/api/pharos/v1/dashboards", { name: read.name, text, replace });
      await client.invalidateQueries({ queryKey: ["dashboards"] });
      await client.invalidateQueries({ queryKey: ["dashboard", kept.uid] });
      await navigate({ to: `/d/${kept.uid}/${kept.slug}` });
    } catch (problem) {
      setError(problem);
    }
  };
  return (
    <section className={classes.found} aria-label="What was read">
      <h2>{preview.dashboard.title}</h2>
      <p className="dim">
        uid {preview.dashboard.uid}, {preview.dashboard.panels?.length ?? 0} panels and rows
      </p>
      {constants.map(({ name, label, description }) => (
        <label key={name} className={classes.input}>
          {label}
          <input
            className="field"
            value={values[name] ?? ""}
            title={description}
            onChange={(event) => setValues({ ...values, [name]: event.currentTarget.value })}
          />
        </label>
      ))}
      <ReportView report={preview.report} />
      {error !== null && <ErrorView title="It was not kept" error={error} />}
      <button type="button" className="button" data-kind="primary" onClick={() => void keep(isTaken)}>
        {isTaken ? "Replace the one that is there" : "Keep it"}
      </button>
    </section>
  );
}
