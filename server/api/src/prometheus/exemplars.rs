//! `query_exemplars`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::Response;
use model::{Control, Exemplar, Labels, Select, SeriesSource};
use promql::ExprKind;

use super::query::query;
use super::reply::{ApiError, success};
use super::request::{bounds, source};
use crate::params::Params;
use crate::{State, json};

/// `GET|POST /api/v1/query_exemplars`: the exemplars of all series that the expression selects.
pub(crate) async fn exemplars(
    Shared(state): Shared<Arc<State>>,
    params: Params,
) -> Result<Response, ApiError> {
    let (start_ms, end_ms) = bounds(&params)?;
    let parsed = promql::parse(query(&params)?)?;
    let mut selects = Vec::new();
    parsed.expr().walk(&mut |expr| {
        let selector = match &expr.kind {
            ExprKind::Vector(selector) => selector,
            ExprKind::Matrix(matrix) => &matrix.selector,
            _ => return,
        };
        selects.push(Select { matchers: selector.matchers.clone(), start_ms, end_ms });
    });
    let source = source(&state)?;
    let work = move |control: &Control| {
        let found = find(&*source, &selects, control)?;
        Ok::<_, ApiError>(success(&write(&found), &[], &[]))
    };
    state.pool.run_quick(state.limits, work).await
}

type Found = BTreeMap<Labels, Vec<Exemplar>>;

fn find(source: &dyn SeriesSource, selects: &[Select], control: &Control) -> model::Result<Found> {
    let mut found = Found::new();
    for select in selects {
        for (labels, exemplars) in source.exemplars(select, control)? {
            let known = found.entry(labels).or_default();
            for exemplar in exemplars {
                if !known.contains(&exemplar) {
                    known.push(exemplar);
                }
            }
        }
    }
    found.values_mut().for_each(|exemplars| exemplars.sort_by_key(|e| e.sample.t_ms));
    Ok(found)
}

fn write(found: &Found) -> String {
    let mut out = String::from("[");
    for (i, (labels, exemplars)) in found.iter().filter(|(_, exemplars)| !exemplars.is_empty()).enumerate() {
        out.push_str(if i > 0 { ",{\"seriesLabels\":" } else { "{\"seriesLabels\":" });
        json::labels(&mut out, labels);
        out.push_str(",\"exemplars\":[");
        for (i, exemplar) in exemplars.iter().enumerate() {
            out.push_str(if i > 0 { ",{\"labels\":" } else { "{\"labels\":" });
            json::labels(&mut out, &exemplar.labels);
            out.push_str(",\"value\":\"");
            json::float(&mut out, exemplar.sample.value);
            out.push_str("\",\"timestamp\":");
            json::seconds(&mut out, exemplar.sample.t_ms);
            out.push('}');
        }
        out.push_str("]}");
    }
    out.push(']');
    out
}
