//! LogQL: parse a query, evaluate it over a [`model::LogSource`], answer as Loki does.
//!
//! Pure: no clock, no I/O but the source's, no threads of its own but rayon's pool. The time is an argument.

mod answer;
pub mod ast;
mod detected;
mod error;
mod json;
mod lexer;
mod line;
mod line_selector;
mod log_query;
mod metric;
mod parser;
mod patterns;
mod printer;
mod scan;
mod stages;

use model::{Control, LogSource};
use template::units;

pub use answer::{Answer, RangeParams, Stats, Stream, StreamEntry, Value};
pub use ast::Expr;
pub use detected::{Field, detected_fields};
pub use error::{Error, Result};
pub use line_selector::LineSelector;
pub use parser::{parse, parse_selector};
pub use patterns::{Pattern, patterns};

use metric::{Evaluator, Steps};
use scan::Env;

/// Answers a query over a range of time.
pub fn query_range(
    source: &dyn LogSource,
    query: &Expr,
    params: RangeParams,
    control: &Control,
) -> Result<Answer> {
    let env = Env::new(source, control, params.now_ns);
    let value = match query {
        Expr::Log(log) => log_query::evaluate(log, params, None, &env).map(Value::Streams),
        Expr::Metric(expr) => {
            let steps = Steps::range(params.start_ns, params.end_ns, params.step_ns)?;
            Evaluator { env: &env, steps }.matrix(expr).map(Value::Metric)
        }
    };
    Ok(answer(value.map_err(|error| env.explained(error))?, env))
}

/// Answers a log query with those of its lines whose number of arrival is in `arrivals`: what came since one looked last.
pub fn query_arrivals(
    source: &dyn LogSource,
    query: &ast::LogExpr,
    params: RangeParams,
    arrivals: std::ops::Range<u64>,
    control: &Control,
) -> Result<Answer> {
    let env = Env::new(source, control, params.now_ns);
    let value = Value::Streams(log_query::evaluate(query, params, Some(arrivals), &env)?);
    Ok(answer(value, env))
}

/// Answers a metric query at one time.
pub fn query(source: &dyn LogSource, query: &Expr, t_ns: i64, control: &Control) -> Result<Answer> {
    let Expr::Metric(expr) = query else {
        return Err(Error::Evaluation(
            "log queries are not supported as an instant query type, please change your query to a range query type"
                .to_owned(),
        ));
    };
    let env = Env::new(source, control, t_ns);
    let value = Evaluator { env: &env, steps: Steps::instant(t_ns)? }.vector(expr);
    Ok(answer(Value::Metric(value.map_err(|error| env.explained(error))?), env))
}

/// A line filter as a [`LogSource`] applies it; `None` for patterns and addresses, which it cannot.
pub fn source_filter(filter: &ast::LineFilter) -> Result<Option<model::LineFilter>> {
    stages::pushed_down(filter)
}

/// Checks what parsing leaves unchecked: patterns, templates, regular expressions of the pipelines.
pub fn validate(query: &Expr) -> Result<()> {
    let logs: Vec<&ast::LogExpr> = match query {
        Expr::Log(log) => vec![log],
        Expr::Metric(metric) => metric.logs(),
    };
    for log in logs {
        let plan = scan::Plan::new(log)?;
        stages::Pipeline::compile(&plan.stages, &stages::Wanted::All)?;
    }
    Ok(())
}

fn answer(value: Value, env: Env<'_>) -> Answer {
    let stats = env.counters.stats();
    Answer { value, stats, warnings: env.into_warnings() }
}
