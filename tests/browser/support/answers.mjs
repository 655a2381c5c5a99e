/** Made-up data for dashboards: reads the queries of their files and makes series and lines that answer them. */

const WORDS = new Set(
  "by without on ignoring group_left group_right offset bool and or unless atan2 inf nan start end sum avg min max count stddev stdvar topk bottomk quantile count_values group limitk limit_ratio".split(" "),
);

/** All panels of a file in Grafana's current schema, rows opened. */
const panelsOf = (dashboard) => (dashboard.panels ?? []).flatMap((p) => [p, ...(p.panels ?? [])]);

/** What stands for a variable within a label matcher. */
function variableValues(dashboard) {
  const values = new Map();
  for (const v of dashboard.templating?.list ?? []) {
    const current = [v.current?.value].flat()[0];
    if (v.type === "custom") {
      const first = String(v.query ?? "").split(",")[0].split(" : ").pop().trim();
      values.set(v.name, current && current !== "$__all" ? String(current) : first);
    } else if (v.type === "textbox" || v.type === "constant") values.set(v.name, String(current ?? v.query ?? ""));
    else values.set(v.name, null);
  }
  return values;
}

/** A text that a simple pattern matches: its first alternative without its signs. */
function sample(pattern) {
  let text = pattern.replace(/^\^|\$$/g, "");
  const group = /^\((?:\?:)?([^()]*)\)$/.exec(text);
  if (group) text = group[1];
  text = text.split("|")[0].replaceAll("\\\\", "\\");
  text = text.replace(/\.[*+]\??/g, "x").replace(/\[\^?([^\]])[^\]]*\][*+]?/g, "$1").replace(/\\([.\-/])/g, "$1");
  return text.replace(/\\d[+*]?/g, "1").replace(/\\w[+*]?/g, "x").replace(/[()?*+^$\\]/g, "");
}

const VARIABLE = /\$\{(\w+)[^}]*\}|\[\[(\w+)[^\]]*\]\]|\$(\w+)/g;

/** The value of a label that a matcher allows; undefined leaves it to chance. */
function labelValue(label, operator, raw, variables) {
  if (operator.startsWith("!")) return undefined;
  let open = false;
  const text = raw.replace(VARIABLE, (_, a, b, c) => {
    const value = variables.get(a ?? b ?? c);
    if (value === undefined || value === null || value === "") open = true;
    return value ?? "";
  });
  if (open) return undefined;
  if (operator === "=") return text.replaceAll('\\"', '"');
  const simple = sample(text);
  return simple === "" || simple === "x" ? undefined : simple;
}

const MATCHER = /(\w+)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|`([^`]*)`)/g;

function matchersOf(selector, variables) {
  const labels = new Map();
  for (const [, label, operator, a, b, c] of (selector ?? "").matchAll(MATCHER)) {
    labels.set(label, labelValue(label, operator, a ?? b ?? c ?? "", variables));
  }
  return labels;
}

/** Names and labels of every metric that a PromQL query reads. */
function metricsOf(expr, variables) {
  const found = [];
  const shared = [...expr.matchAll(/\b(?:by|on|group_left|group_right)\s*\(([^)]*)\)/g)].flatMap(([, list]) => list.split(",").map((l) => l.trim()));
  const plain = expr.replace(/#[^\n]*/g, "").replace(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, " ").replace(/\[[^\]]*\]/g, " ");
  const bare = plain.replace(VARIABLE, (whole) => (/^\$__/.test(whole) ? "1" : whole));
  for (const match of bare.matchAll(/("(?:[^"\\]|\\.)*"|'[^']*')|(?<![\w.$])([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?\s*(\()?|(\{[^}]*\})/g)) {
    const [, text, name, selector, call, nameless] = match;
    if (text !== undefined || call !== undefined) continue;
    const labels = matchersOf(selector ?? nameless, variables);
    for (const label of shared) if (/^\w+$/.test(label) && !labels.has(label)) labels.set(label, undefined);
    const named = labels.get("__name__");
    labels.delete("__name__");
    const names = name && !WORDS.has(name.toLowerCase()) ? [name] : named ? [named] : [];
    for (const metric of names) found.push({ metric, labels });
  }
  return found;
}

/** label -> values, for a metric: several queries may ask for several of them. */
function addMetric(metrics, metric, labels) {
  const base = metric.replace(/_bucket$/, "");
  const known = metrics.get(metric) ?? new Map();
  metrics.set(metric, known);
  for (const [label, value] of labels) {
    if (label === "le") continue;
    const values = known.get(label) ?? new Set();
    known.set(label, values);
    if (value !== undefined && values.size < 4) values.add(value);
  }
  return base;
}

/** Reads dashboards (as the server gives them) into metrics and log streams that answer their queries. */
export function askedFor(dashboards) {
  const metrics = new Map();
  const streams = [];
  for (const dashboard of dashboards) {
    const variables = variableValues(dashboard);
    const prometheus = (expr, legend = "") => {
      const named = [...legend.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, label]) => label);
      for (const { metric, labels } of metricsOf(expr, variables)) {
        for (const label of named) if (label !== "__name__" && !labels.has(label)) labels.set(label, undefined);
        addMetric(metrics, metric, labels);
      }
    };
    for (const variable of dashboard.templating?.list ?? []) {
      if (variable.type !== "query") continue;
      const call = /^(label_values|query_result|metrics)\(([\s\S]*)\)\s*$/.exec(String(variable.query ?? "").trim());
      if (!call) continue;
      const asked = call[1] === "label_values" ? /^([\s\S]*),\s*([\w]+)\s*$/.exec(call[2]) : null;
      if (asked) prometheus(asked[1], `{{${asked[2]}}}`);
      else if (call[1] === "query_result") prometheus(call[2]);
    }
    for (const panel of panelsOf(dashboard)) {
      for (const target of panel.targets ?? []) {
        const expr = target.expr ?? "";
        if (target.datasource?.type === "prometheus") prometheus(expr, target.legendFormat);
        if (target.datasource?.type === "loki") {
          for (const [selector] of expr.matchAll(/\{[^}]*\}/g)) {
            const labels = matchersOf(selector, variables);
            if (labels.size > 0) streams.push(Object.fromEntries([...labels].map(([l, v]) => [l, v ?? `${l}-1`])));
          }
        }
      }
    }
  }
  return { metrics, streams };
}

const MAX_SERIES_A_METRIC = 8;

/** Every combination of the labels' values, within a bound. */
function combinations(labels) {
  let all = [[]];
  for (const [label, given] of labels) {
    const values = given.size > 0 ? [...given] : [`${label}-1`, `${label}-2`];
    const room = Math.max(1, Math.floor(MAX_SERIES_A_METRIC / all.length));
    all = all.flatMap((pairs) => values.slice(0, room).map((value) => [...pairs, [label, value]]));
  }
  return all;
}

const escape = (text) => text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

/** The metrics as they are `seconds` after the start, as exposition text with the time `timeMs`. */
export function exposition(metrics, seconds, timeMs) {
  const lines = [];
  let seed = 1;
  const add = (name, pairs, value) => lines.push(`${name}{${pairs.map(([l, v]) => `${l}="${escape(v)}"`).join(",")}} ${value} ${timeMs}`);
  for (const [metric, labels] of metrics) {
    for (const asked of combinations(labels)) {
      // What a scrape adds to every series.
      const target = [["job", "answers"], ["instance", "127.0.0.1:9100"]].filter(([label]) => !labels.has(label));
      const pairs = [...asked, ...target];
      seed = (seed * 7) % 101;
      const rate = 1 + (seed % 13);
      const wave = 40 + 30 * Math.sin(seconds / 9 + seed);
      if (metric.endsWith("_bucket")) {
        const bounds = ["0.005", "0.01", "0.05", "0.1", "0.5", "1", "5", "10", "+Inf"];
        bounds.forEach((le, i) => add(metric, [...pairs, ["le", le]], ((i + 1) / bounds.length) * rate * seconds));
      } else if (/_(total|count|sum|seconds_total|bytes_total)$/.test(metric)) add(metric, pairs, rate * seconds);
      else if (/timestamp|start_time|boot_time|_time_seconds$/.test(metric)) add(metric, pairs, timeMs / 1000 - 3600 - seed);
      else if (metric === "up" || /_up$|_info$|status/.test(metric)) add(metric, pairs, 1);
      else if (/ratio|percent|utili[sz]ation|usage/.test(metric)) add(metric, pairs, wave / 100);
      else add(metric, pairs, wave);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** The metrics over the half hour before `endMs`, moment by moment. */
export function* historyOf(metrics, endMs) {
  for (let at = endMs - PAST_MS; at <= endMs; at += STEP_MS) yield exposition(metrics, 3600 + (at - endMs + PAST_MS) / 1000, at);
}

export const PAST_MS = 30 * 60_000;
const STEP_MS = 15_000;

/** Lines for every stream, over the last minutes. */
export async function pushLines(url, streams, endMs) {
  const line = (i) => `{"level":"${["info", "warn", "error"][i % 3]}","msg":"line ${i}","duration":"${i}ms","status":${200 + (i % 3) * 100}}`;
  const values = (s) => Array.from({ length: 30 }, (_, i) => [`${endMs - (30 - i) * 4000 + s}000000`, line(i)]);
  const body = { streams: streams.slice(0, 500).map((stream, s) => ({ stream, values: values(s) })) };
  if (body.streams.length === 0) return;
  const answer = await fetch(`${url}/loki/api/v1/push`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`pushing lines: ${answer.status} ${await answer.text()}`);
}
