//! What a LogQL query says, as a tree.

use model::{MatchOp, Matcher};

/// A query: of lines, or of numbers made from lines.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// Answers with log lines.
    Log(LogExpr),
    /// Answers with series of numbers.
    Metric(MetricExpr),
}

/// `{selector} | stage | stage …`
#[derive(Debug, Clone, PartialEq)]
pub struct LogExpr {
    /// The stream selector.
    pub matchers: Vec<Matcher>,
    /// The pipeline.
    pub stages: Vec<Stage>,
}

/// One stage of a pipeline.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// `|= "x"`, `!~ "x"`, …
    LineFilter(LineFilter),
    /// `| json`, with the fields asked for if any.
    Json(Vec<Extraction>),
    /// `| logfmt`
    Logfmt(Logfmt),
    /// `| regexp "…"`
    Regexp(String),
    /// `| pattern "…"`
    Pattern(String),
    /// `| unpack`
    Unpack,
    /// `| line_format "…"`
    LineFormat(String),
    /// `| label_format a=b, c="…"`
    LabelFormat(Vec<LabelFormat>),
    /// `| a="b" and c > 5`
    LabelFilter(LabelFilter),
    /// `| decolorize`
    Decolorize,
    /// `| drop a, b="c"`
    Drop(Vec<LabelPick>),
    /// `| keep a, b="c"`
    Keep(Vec<LabelPick>),
}

/// How a line filter compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineOp {
    /// `|=`
    Contains,
    /// `!=`
    NotContains,
    /// `|~`
    Matches,
    /// `!~`
    NotMatches,
    /// `|>`
    Pattern,
    /// `!>`
    NotPattern,
}

impl LineOp {
    /// The operator as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            LineOp::Contains => "|=",
            LineOp::NotContains => "!=",
            LineOp::Matches => "|~",
            LineOp::NotMatches => "!~",
            LineOp::Pattern => "|>",
            LineOp::NotPattern => "!>",
        }
    }

    /// Whether lines that fit are dropped.
    pub fn is_negative(self) -> bool {
        matches!(self, LineOp::NotContains | LineOp::NotMatches | LineOp::NotPattern)
    }
}

/// `op "a" or "b"`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineFilter {
    /// How it compares.
    pub op: LineOp,
    /// The alternatives; at least one.
    pub needles: Vec<Needle>,
}

/// What a line filter looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needle {
    /// A text, regex or pattern.
    Text(String),
    /// `ip("10.0.0.0/8")`
    Ip(String),
}

/// `label="expression"` of `json` and `logfmt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extraction {
    /// The label to set.
    pub label: String,
    /// Where its value is.
    pub expression: String,
}

/// The `logfmt` stage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Logfmt {
    /// `--strict`
    pub strict: bool,
    /// `--keep-empty`
    pub keep_empty: bool,
    /// The fields asked for; all if empty.
    pub fields: Vec<Extraction>,
}

/// One assignment of `label_format`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelFormat {
    /// The label to set.
    pub label: String,
    /// Its new value.
    pub value: FormatValue,
}

/// The right side of a [`LabelFormat`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormatValue {
    /// Another label, which is renamed.
    Rename(String),
    /// A template.
    Template(String),
}

/// A label named by `drop` or `keep`.
#[derive(Debug, Clone, PartialEq)]
pub enum LabelPick {
    /// Whatever its value.
    Name(String),
    /// If its value matches.
    Matcher(Matcher),
}

/// A condition on labels.
#[derive(Debug, Clone, PartialEq)]
pub enum LabelFilter {
    /// `a="b"`, `a=~"b"`
    Text(Matcher),
    /// `a > 5`, `a >= 20ms`, `a < 5KB`
    Quantity {
        /// The label.
        name: String,
        /// How it compares.
        op: CompareOp,
        /// With what.
        value: Quantity,
    },
    /// `a = ip("…")`, `a != ip("…")`
    Ip {
        /// The label.
        name: String,
        /// `=` or `!=`.
        op: MatchOp,
        /// Address, range or prefix.
        pattern: String,
    },
    /// Both.
    And(Box<LabelFilter>, Box<LabelFilter>),
    /// Either.
    Or(Box<LabelFilter>, Box<LabelFilter>),
}

/// A number with the unit that it was written in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantity {
    /// A plain number.
    Number(f64),
    /// Nanoseconds.
    Duration(i64),
    /// Bytes.
    Bytes(u64),
}

/// How numbers compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
}

impl CompareOp {
    /// The operator as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            CompareOp::Equal => "==",
            CompareOp::NotEqual => "!=",
            CompareOp::Greater => ">",
            CompareOp::GreaterOrEqual => ">=",
            CompareOp::Less => "<",
            CompareOp::LessOrEqual => "<=",
        }
    }

    /// Whether `a op b`.
    pub fn holds<T: PartialOrd>(self, a: T, b: T) -> bool {
        match self {
            CompareOp::Equal => a == b,
            CompareOp::NotEqual => a != b,
            CompareOp::Greater => a > b,
            CompareOp::GreaterOrEqual => a >= b,
            CompareOp::Less => a < b,
            CompareOp::LessOrEqual => a <= b,
        }
    }
}

/// How `unwrap` reads a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conversion {
    /// As a number.
    Number,
    /// `duration(x)`, `duration_seconds(x)`: seconds.
    Duration {
        /// Whether it was written as `duration_seconds`.
        long: bool,
    },
    /// `bytes(x)`
    Bytes,
}

/// `| unwrap label | filter …`
#[derive(Debug, Clone, PartialEq)]
pub struct Unwrap {
    /// The label.
    pub label: String,
    /// How it is read.
    pub conversion: Conversion,
    /// What is asked of labels afterwards.
    pub filters: Vec<LabelFilter>,
}

/// The time of `@`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum At {
    /// Seconds since the Unix epoch.
    Seconds(f64),
    /// `start()`
    Start,
    /// `end()`
    End,
}

/// Lines within a window: `{…} | … | unwrap x [5m] offset 1h`
#[derive(Debug, Clone, PartialEq)]
pub struct LogRange {
    /// Selector and pipeline.
    pub log: LogExpr,
    /// Which label gives the values.
    pub unwrap: Option<Unwrap>,
    /// Length of the window, ns.
    pub range_ns: i64,
    /// How far back the window lies, ns.
    pub offset_ns: i64,
    /// A fixed time for the window.
    pub at: Option<At>,
}

/// `count_over_time` and its kin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is named as in the language")]
pub enum RangeOp {
    CountOverTime,
    Rate,
    RateCounter,
    BytesOverTime,
    BytesRate,
    SumOverTime,
    AvgOverTime,
    MinOverTime,
    MaxOverTime,
    StddevOverTime,
    StdvarOverTime,
    QuantileOverTime,
    FirstOverTime,
    LastOverTime,
    AbsentOverTime,
}

impl RangeOp {
    const ALL: [(RangeOp, &'static str); 15] = [
        (RangeOp::CountOverTime, "count_over_time"),
        (RangeOp::Rate, "rate"),
        (RangeOp::RateCounter, "rate_counter"),
        (RangeOp::BytesOverTime, "bytes_over_time"),
        (RangeOp::BytesRate, "bytes_rate"),
        (RangeOp::SumOverTime, "sum_over_time"),
        (RangeOp::AvgOverTime, "avg_over_time"),
        (RangeOp::MinOverTime, "min_over_time"),
        (RangeOp::MaxOverTime, "max_over_time"),
        (RangeOp::StddevOverTime, "stddev_over_time"),
        (RangeOp::StdvarOverTime, "stdvar_over_time"),
        (RangeOp::QuantileOverTime, "quantile_over_time"),
        (RangeOp::FirstOverTime, "first_over_time"),
        (RangeOp::LastOverTime, "last_over_time"),
        (RangeOp::AbsentOverTime, "absent_over_time"),
    ];

    /// The operation's name.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(op, _)| *op == self).expect("ALL has every operation").1
    }

    /// The operation called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, n)| *n == name).map(|(op, _)| *op)
    }
}

/// `sum` and its kin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is named as in the language")]
pub enum VectorOp {
    Sum,
    Avg,
    Min,
    Max,
    Count,
    Stddev,
    Stdvar,
    Topk,
    Bottomk,
    ApproxTopk,
    Sort,
    SortDesc,
}

impl VectorOp {
    const ALL: [(VectorOp, &'static str); 12] = [
        (VectorOp::Sum, "sum"),
        (VectorOp::Avg, "avg"),
        (VectorOp::Min, "min"),
        (VectorOp::Max, "max"),
        (VectorOp::Count, "count"),
        (VectorOp::Stddev, "stddev"),
        (VectorOp::Stdvar, "stdvar"),
        (VectorOp::Topk, "topk"),
        (VectorOp::Bottomk, "bottomk"),
        (VectorOp::ApproxTopk, "approx_topk"),
        (VectorOp::Sort, "sort"),
        (VectorOp::SortDesc, "sort_desc"),
    ];

    /// The operation's name.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(op, _)| *op == self).expect("ALL has every operation").1
    }

    /// The operation called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, n)| *n == name).map(|(op, _)| *op)
    }

    /// Whether it takes a number of series first.
    pub fn takes_k(self) -> bool {
        matches!(self, VectorOp::Topk | VectorOp::Bottomk | VectorOp::ApproxTopk)
    }
}

/// `by (a, b)` or `without (a, b)`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grouping {
    /// Whether the labels are those that go.
    pub without: bool,
    /// The labels.
    pub labels: Vec<String>,
}

/// Binary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is named as in the language")]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Compare(CompareOp),
    And,
    Or,
    Unless,
}

impl BinaryOp {
    /// The operator as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Mod => "%",
            BinaryOp::Pow => "^",
            BinaryOp::Compare(op) => op.as_str(),
            BinaryOp::And => "and",
            BinaryOp::Or => "or",
            BinaryOp::Unless => "unless",
        }
    }

    /// How tightly it binds.
    pub fn precedence(self) -> u8 {
        match self {
            BinaryOp::Or => 1,
            BinaryOp::And | BinaryOp::Unless => 2,
            BinaryOp::Compare(_) => 3,
            BinaryOp::Add | BinaryOp::Sub => 4,
            BinaryOp::Mul | BinaryOp::Div | BinaryOp::Mod => 5,
            BinaryOp::Pow => 6,
        }
    }

    /// Whether it works on sets of series rather than on numbers.
    pub fn is_set(self) -> bool {
        matches!(self, BinaryOp::And | BinaryOp::Or | BinaryOp::Unless)
    }
}

/// Which side of a binary operation may have several series for one of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cardinality {
    /// Neither.
    #[default]
    OneToOne,
    /// `group_left`
    ManyToOne,
    /// `group_right`
    OneToMany,
}

/// Which series of both sides belong together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matching {
    /// `on` rather than `ignoring`.
    pub on: bool,
    /// The labels of `on` or `ignoring`.
    pub labels: Vec<String>,
    /// `group_left`, `group_right`
    pub cardinality: Cardinality,
    /// Labels that the result takes from the "one" side.
    pub include: Vec<String>,
}

/// A query that answers with numbers.
#[derive(Debug, Clone, PartialEq)]
pub enum MetricExpr {
    /// `rate({…}[5m])`
    Range(RangeAggregation),
    /// `sum by (a) (…)`
    Vector(VectorAggregation),
    /// `a / b`
    Binary(Box<Binary>),
    /// `5`
    Literal(f64),
    /// `vector(5)`
    VectorLiteral(f64),
    /// `label_replace(…)`
    LabelReplace(Box<LabelReplace>),
    /// `variants(a, b) of (…)`
    Variants(Box<Variants>),
}

/// `op(param, range) by (labels)`
#[derive(Debug, Clone, PartialEq)]
pub struct RangeAggregation {
    /// The operation.
    pub op: RangeOp,
    /// The quantile.
    pub param: Option<f64>,
    /// The lines.
    pub range: LogRange,
    /// Which labels the series keep.
    pub grouping: Option<Grouping>,
}

/// `op by (labels) (param, inner)`
#[derive(Debug, Clone, PartialEq)]
pub struct VectorAggregation {
    /// The operation.
    pub op: VectorOp,
    /// How many series `topk` and its kin keep.
    pub k: Option<i64>,
    /// What is aggregated.
    pub inner: Box<MetricExpr>,
    /// Which labels the groups have.
    pub grouping: Option<Grouping>,
}

/// `lhs op rhs`
#[derive(Debug, Clone, PartialEq)]
pub struct Binary {
    /// The operator.
    pub op: BinaryOp,
    /// Left side.
    pub lhs: MetricExpr,
    /// Right side.
    pub rhs: MetricExpr,
    /// Whether a comparison answers 0 or 1 instead of filtering.
    pub return_bool: bool,
    /// How series are matched, where it is written.
    pub matching: Option<Matching>,
}

/// `label_replace(inner, "dst", "replacement", "src", "regex")`
#[derive(Debug, Clone)]
pub struct LabelReplace {
    /// What is relabelled.
    pub inner: MetricExpr,
    /// The label to set.
    pub dst: String,
    /// Its value, with `$1` for capture groups.
    pub replacement: String,
    /// The label to read.
    pub src: String,
    /// What it must match, whole; as written.
    pub pattern: String,
    /// The same, compiled.
    pub regex: regex::Regex,
}

impl PartialEq for LabelReplace {
    fn eq(&self, other: &Self) -> bool {
        (&self.inner, &self.dst, &self.replacement, &self.src, &self.pattern)
            == (&other.inner, &other.dst, &other.replacement, &other.src, &other.pattern)
    }
}

/// Several aggregations of the same lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Variants {
    /// The aggregations; their series get `__variant__` with their index.
    pub variants: Vec<MetricExpr>,
    /// The lines that they share.
    pub of: LogRange,
}

impl Expr {
    /// Every stream selector of the query, from left to right.
    pub fn selectors(&self) -> Vec<&[Matcher]> {
        match self {
            Expr::Log(log) => vec![&log.matchers],
            Expr::Metric(metric) => metric.selectors(),
        }
    }
}

impl MetricExpr {
    /// Every stream selector of the query, from left to right.
    pub fn selectors(&self) -> Vec<&[Matcher]> {
        self.logs().into_iter().map(|log| log.matchers.as_slice()).collect()
    }

    /// Every log expression of the query, from left to right.
    pub fn logs(&self) -> Vec<&LogExpr> {
        match self {
            MetricExpr::Range(range) => vec![&range.range.log],
            MetricExpr::Vector(vector) => vector.inner.logs(),
            MetricExpr::Binary(binary) => {
                let mut all = binary.lhs.logs();
                all.extend(binary.rhs.logs());
                all
            }
            MetricExpr::LabelReplace(replace) => replace.inner.logs(),
            MetricExpr::Variants(variants) => variants.variants.iter().flat_map(Self::logs).collect(),
            MetricExpr::Literal(_) | MetricExpr::VectorLiteral(_) => Vec::new(),
        }
    }
}
