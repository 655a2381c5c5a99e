//! What is said of native histograms: the texts, and where they point to.

use crate::ast::Span;
use crate::evaluate::Evaluator;
use crate::native::Remarks;
use crate::quote::quote;

/// What was done to histograms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Addition,
    Subtraction,
    Aggregation,
}

impl Operation {
    fn as_str(self) -> &'static str {
        match self {
            Operation::Addition => "addition",
            Operation::Subtraction => "subtraction",
            Operation::Aggregation => "aggregation",
        }
    }
}

/// The place in the query and the metric that notes are about.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) evaluator: &'a Evaluator<'a>,
    pub(crate) span: Span,
    pub(crate) metric: &'a str,
}

impl Subject<'_> {
    fn warn(&self, message: &str) {
        self.evaluator.warn(self.span, message);
    }

    fn inform(&self, message: &str) {
        self.evaluator.inform(self.span, message);
    }

    /// The message with the metric's name, if it has one.
    fn named(&self, message: &str) -> String {
        match self.metric {
            "" => message.to_owned(),
            metric => format!("{message} for metric name {}", quote(metric)),
        }
    }

    pub(crate) fn mixed(&self) {
        let metric = quote(self.metric);
        self.warn(&format!("encountered a mix of histograms and floats for metric name {metric}"));
    }

    pub(crate) fn mixed_aggregation(&self) {
        self.warn("encountered a mix of histograms and floats for aggregation");
    }

    pub(crate) fn mixed_schemas(&self) {
        let metric = quote(self.metric);
        self.warn(&format!(
            "vector contains a mix of histograms with exponential and custom buckets schemas for metric name {metric}"
        ));
    }

    pub(crate) fn bad_bound(&self, bound: &str) {
        let bound = quote(bound);
        self.warn(
            &self.named(&format!("bucket label \"le\" is missing or has a malformed value of {bound}")),
        );
    }

    pub(crate) fn mixed_with_classic(&self) {
        self.warn(&self.named("vector contains a mix of classic and native histograms"));
    }

    pub(crate) fn no_counter(&self) {
        self.warn(&format!("this native histogram metric is not a counter: {}", quote(self.metric)));
    }

    pub(crate) fn no_gauge(&self) {
        self.warn(&format!("this native histogram metric is not a gauge: {}", quote(self.metric)));
    }

    pub(crate) fn ignored_in_range(&self) {
        let metric = quote(self.metric);
        self.inform(&format!(
            "ignored histograms in a range containing both floats and histograms for metric name {metric}"
        ));
    }

    pub(crate) fn nan(&self, function: &str, effect: &str) {
        self.inform(&self.named(&format!("input to {function} has NaN observations, {effect}")));
    }

    /// That bounds were reconciled.
    pub(crate) fn reconciled(&self, remarks: Remarks, operation: Operation) {
        if remarks.reconciled {
            let operation = operation.as_str();
            self.inform(&format!("mismatched custom buckets were reconciled during {operation}"));
        }
    }

    /// That bounds were reconciled, and that hints contradict each other.
    pub(crate) fn remark(&self, remarks: Remarks, operation: Operation) {
        self.reconciled(remarks, operation);
        if remarks.collision {
            let operation = operation.as_str();
            self.warn(&format!("conflicting counter resets during histogram {operation}"));
        }
    }
}
