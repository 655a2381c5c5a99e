//! Answers for a terminal: a table with a column a label, sparklines of series over time, lines of logs.

use std::collections::BTreeSet;

use serde_json::Value;

/// Columns of a sparkline.
const WIDTH: usize = 60;

/// `data` of a Prometheus or Loki answer.
pub(super) fn answer(data: &Value) -> String {
    let result = data["result"].as_array().map(Vec::as_slice).unwrap_or_default();
    match data["resultType"].as_str().unwrap_or_default() {
        "scalar" | "string" => format!("{}\n", data["result"][1].as_str().unwrap_or_default()),
        "vector" => vector(result),
        "matrix" => matrix(result),
        "streams" => lines(result),
        other => format!("unknown result type {other:?}\n"),
    }
}

fn vector(result: &[Value]) -> String {
    let value = |row: &Value| match row["value"][1].as_str() {
        Some(value) => vec![value.to_owned()],
        None => vec![histogram(&row["histogram"][1])],
    };
    table(result, &["value"], value)
}

/// The counts of a histogram's buckets as a sparkline, with what it counted.
fn histogram(histogram: &Value) -> String {
    let buckets = histogram["buckets"].as_array().into_iter().flatten();
    let counts: Vec<Option<f64>> = buckets.map(|bucket| number(&bucket[3])).collect();
    let text = |name: &str| histogram[name].as_str().unwrap_or_default().to_owned();
    format!("{}  count {}, sum {}", sparkline(&counts), text("count"), text("sum")).trim_start().to_owned()
}

fn number(value: &Value) -> Option<f64> {
    value.as_str()?.parse().ok()
}

/// A series' points as (seconds, value, as the server wrote it), histograms by their counts.
fn points(row: &Value) -> Vec<(f64, f64, &str)> {
    let of = |key: &'static str| row[key].as_array().into_iter().flatten();
    let floats = of("values").filter_map(|point| Some((point[0].as_f64()?, point[1].as_str()?)));
    let counts = of("histograms").filter_map(|point| Some((point[0].as_f64()?, point[1]["count"].as_str()?)));
    let parsed = floats.chain(counts).filter_map(|(t, text)| Some((t, text.parse().ok()?, text)));
    let mut points: Vec<(f64, f64, &str)> = parsed.collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

fn matrix(result: &[Value]) -> String {
    let times = || result.iter().flat_map(points).map(|(t, ..)| t);
    let (first, last) = (times().fold(f64::INFINITY, f64::min), times().fold(f64::NEG_INFINITY, f64::max));
    let row = |row: &Value| {
        let points = points(row);
        let by = |better: fn(f64, f64) -> bool| {
            let of_numbers = points.iter().filter(|(_, value, _)| !value.is_nan());
            let best = of_numbers.reduce(|a, b| if better(b.1, a.1) { b } else { a });
            best.map(|(_, _, text)| (*text).to_owned()).unwrap_or_default()
        };
        let newest = points.last().map(|(_, _, text)| (*text).to_owned()).unwrap_or_default();
        let cells = squeezed(&points, (first, last));
        vec![sparkline(&cells), by(|a, b| a < b), by(|a, b| a > b), newest]
    };
    let mut text = table(result, &["", "min", "max", "last"], row);
    if first <= last {
        text.push_str(&format!("{} to {} UTC\n", moment(first), moment(last)));
    }
    text
}

/// The mean of the points in each of at most [`WIDTH`] equal parts of a time; `None` where there are none.
fn squeezed(points: &[(f64, f64, &str)], (first, last): (f64, f64)) -> Vec<Option<f64>> {
    // As many parts as there are steps, if they are fewer.
    let gaps = points.windows(2).map(|pair| pair[1].0 - pair[0].0);
    let step = gaps.fold(f64::INFINITY, f64::min);
    let steps = if step.is_finite() && step > 0.0 { ((last - first) / step).round() as usize + 1 } else { 1 };
    let width = steps.clamp(1, WIDTH);
    let mut parts = vec![(0.0, 0_u32); width];
    for (t, value, _) in points.iter().filter(|(_, value, _)| value.is_finite()) {
        let share = if last > first { (t - first) / (last - first) } else { 0.0 };
        let part = &mut parts[((share * (width - 1) as f64).round() as usize).min(width - 1)];
        *part = (part.0 + value, part.1 + 1);
    }
    parts.into_iter().map(|(sum, count)| (count > 0).then(|| sum / f64::from(count))).collect()
}

/// Values as blocks of eight heights, blanks where there are none.
fn sparkline(values: &[Option<f64>]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let known = values.iter().flatten();
    let (low, high) = known.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
    let block = |value: &Option<f64>| match value {
        None => ' ',
        Some(value) => {
            let share = if high > low { (value - low) / (high - low) } else { 0.0 };
            BLOCKS[((share * 7.0).round() as usize).min(7)]
        }
    };
    values.iter().map(block).collect()
}

/// A row a series: its name, its labels, then what `cells` gives below `heads`.
fn table(result: &[Value], heads: &[&str], cells: impl Fn(&Value) -> Vec<String>) -> String {
    if result.is_empty() {
        return "no series\n".into();
    }
    let labels = |row: &Value| row["metric"].as_object().cloned().unwrap_or_default();
    let names: BTreeSet<String> =
        result.iter().flat_map(|row| labels(row).into_iter().map(|(n, _)| n)).collect();
    let has_name = names.contains("__name__");
    let names: Vec<&str> = has_name
        .then_some("__name__")
        .into_iter()
        .chain(names.iter().map(String::as_str).filter(|name| *name != "__name__"))
        .collect();
    let head = |name: &str| if name == "__name__" { "metric".to_owned() } else { plain(name) };
    let mut rows = vec![names.iter().map(|name| head(name)).collect::<Vec<String>>()];
    rows[0].extend(heads.iter().map(|head| (*head).to_owned()));
    for row in result {
        let metric = labels(row);
        let value = |name: &&str| plain(metric.get(*name).and_then(Value::as_str).unwrap_or_default());
        let mut line: Vec<String> = names.iter().map(value).collect();
        // Something has to stand for the labels of a series that has none.
        if names.is_empty() {
            line.push("{}".into());
        }
        line.extend(cells(row));
        rows.push(line);
    }
    if names.is_empty() {
        rows[0].insert(0, String::new());
    }
    aligned(&rows)
}

/// Columns as wide as their widest cell, two blanks apart.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width - cell.chars().count() + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn lines(streams: &[Value]) -> String {
    let mut all: Vec<(i64, &str)> = Vec::new();
    for entry in streams.iter().flat_map(|stream| stream["values"].as_array().into_iter().flatten()) {
        let text = |i: usize| entry[i].as_str().unwrap_or_default();
        all.push((text(0).parse().unwrap_or_default(), text(1)));
    }
    if all.is_empty() {
        return "no lines\n".into();
    }
    all.sort_by_key(|(t_ns, _)| *t_ns);
    all.iter().map(|(t_ns, line)| format!("{}  {}\n", clock(*t_ns), plain(line))).collect()
}

/// A text without control characters: what a log or a label holds must not drive the terminal that shows it.
fn plain(line: &str) -> String {
    line.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// A time of a log line: UTC, to the millisecond.
fn clock(t_ns: i64) -> String {
    match jiff::Timestamp::from_nanosecond(i128::from(t_ns)) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string(),
        Err(_) => t_ns.to_string(),
    }
}

fn moment(seconds: f64) -> String {
    match jiff::Timestamp::from_millisecond((seconds * 1000.0) as i64) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => seconds.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(data: &str, expect: &str) {
        assert_eq!(answer(&serde_json::from_str(data).expect("JSON")), expect);
    }

    #[test]
    fn instant_answers() {
        check(r#"{"resultType":"scalar","result":[1,"2.5"]}"#, "2.5\n");
        check(r#"{"resultType":"vector","result":[]}"#, "no series\n");
        check(r#"{"resultType":"vector","result":[{"metric":{},"value":[1,"3"]}]}"#, "    value\n{}  3\n");
        check(
            r#"{"resultType":"vector","result":[
                {"metric":{"__name__":"up","job":"a","instance":"größe"},"value":[1,"1"]},
                {"metric":{"__name__":"up","job":"\u001b[2J"},"value":[1,"0"]}]}"#,
            "metric  instance  job   value\nup      größe     a     1\nup                \u{fffd}[2J  0\n",
        );
        check(
            r#"{"resultType":"vector","result":[{"metric":{"job":"a"},"histogram":[1,{"count":"4","sum":"9.5",
                "buckets":[[0,"0.5","1","1"],[0,"1","2","2"],[0,"2","4","1"]]}]}]}"#,
            "job  value\na    ▁█▁  count 4, sum 9.5\n",
        );
    }

    #[test]
    fn series_over_time() {
        check(
            r#"{"resultType":"matrix","result":[
                {"metric":{"job":"a"},"values":[[0,"0"],[15,"7"],[45,"3.5"]]},
                {"metric":{"job":"b"},"values":[[30,"NaN"]]},
                {"metric":{"job":"c"},"histograms":[[15,{"count":"2","sum":"1"}],[30,{"count":"4","sum":"1"}]]}]}"#,
            "job        min  max  last\na    ▁█ ▅  0    7    3.5\nb                    NaN\nc     ▁█   2    4    4\n\
             1970-01-01 00:00:00 to 1970-01-01 00:00:45 UTC\n",
        );
        let values: Vec<String> = (0..600).map(|i| format!("[{},\"{i}\"]", i * 15)).collect();
        let data = format!(
            r#"{{"resultType":"matrix","result":[{{"metric":{{}},"values":[{}]}}]}}"#,
            values.join(",")
        );
        let text = answer(&serde_json::from_str(&data).expect("JSON"));
        let line = text.lines().nth(1).expect("a row");
        assert_eq!(line.chars().filter(|c| ('▁'..='█').contains(c)).count(), WIDTH, "{line}");
        assert!(line.starts_with("{}  ▁") && line.ends_with("█  0    599  599"), "{line}");
    }

    #[test]
    fn lines_of_logs() {
        check(
            r#"{"resultType":"streams","result":[{"stream":{},"values":[["1700000000500000000","b"],["1700000000000000000","a"]]}]}"#,
            "2023-11-14 22:13:20.000  a\n2023-11-14 22:13:20.500  b\n",
        );
        assert_eq!(clock(-1_000_000), "1969-12-31 23:59:59.999");
    }
}
