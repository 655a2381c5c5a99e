//! Templates as Go programs write them: `text/template` with the functions of Loki and Promtail, and the notations
//! that go with them: string literals, durations, sizes. Knows neither queries nor where a line comes from.

mod functions;
mod literal;
mod parse;
mod printf;
mod render;
mod value;

pub mod gotime;
pub mod units;

use std::borrow::Cow;

use functions::Function;
use value::Value;

pub use literal::{quote, unescape};

/// What a template can see: named texts, and the line they belong to.
pub trait Fields {
    /// The text that `.name` stands for; `None` prints as Go's `<no value>`.
    fn field(&self, name: &str) -> Option<&str>;
    /// Gives each name with its text, in any order.
    fn each(&self, give: &mut dyn FnMut(&str, &str));
    /// The line as it is now.
    fn line(&self) -> Cow<'_, str>;
    /// The line's time, ns.
    fn t_ns(&self) -> i64;
    /// The time that `now` gives, ns.
    fn now_ns(&self) -> i64;
}

/// A parsed template.
#[derive(Debug, Clone)]
pub struct Template {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone)]
enum Node {
    Text(String),
    /// `{{ pipeline }}`
    Action(Pipe),
    If {
        arms: Vec<(Pipe, Vec<Node>)>,
        otherwise: Vec<Node>,
    },
    With {
        pipe: Pipe,
        body: Vec<Node>,
        otherwise: Vec<Node>,
    },
    Range {
        pipe: Pipe,
        body: Vec<Node>,
        otherwise: Vec<Node>,
    },
    Break,
    Continue,
}

/// `$a, $b := command | command`
#[derive(Debug, Clone)]
struct Pipe {
    variables: Vec<String>,
    /// `:=` rather than `=`
    declares: bool,
    commands: Vec<Vec<Operand>>,
}

#[derive(Debug, Clone)]
enum Operand {
    /// `.`
    Dot,
    /// `.a.b`
    Field(Vec<String>),
    /// `$x.a`, `$` with an empty name
    Variable(String, Vec<String>),
    Constant(Value),
    Call(&'static Function),
    /// `(pipe).a`
    Pipe(Box<Pipe>, Vec<String>),
}

impl Template {
    /// Parses a template; an error says why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        parse::parse(text).map(|nodes| Template { nodes }).map_err(|why| format!("invalid template: {why}"))
    }

    /// Appends the template's text for `fields` to `out`; an error leaves what was written so far.
    pub fn render(&self, fields: &dyn Fields, out: &mut String) -> Result<(), String> {
        render::render(&self.nodes, fields, out)
    }

    /// The names that it reads; `None` if it may read any.
    pub fn labels(&self) -> Option<Vec<String>> {
        let mut names = Vec::new();
        nodes_read(&self.nodes, &mut names).then_some(names)
    }
}

/// Collects the fields that `nodes` read; `false` if they may read all.
fn nodes_read(nodes: &[Node], names: &mut Vec<String>) -> bool {
    nodes.iter().all(|node| match node {
        Node::Text(_) | Node::Break | Node::Continue => true,
        Node::Action(pipe) => pipe_reads(pipe, names),
        Node::If { arms, otherwise } => {
            arms.iter().all(|(pipe, body)| pipe_reads(pipe, names) && nodes_read(body, names))
                && nodes_read(otherwise, names)
        }
        Node::With { pipe, body, otherwise } | Node::Range { pipe, body, otherwise } => {
            pipe_reads(pipe, names) && nodes_read_below(body, names) && nodes_read(otherwise, names)
        }
    })
}

/// As [`nodes_read`], where `.` is no longer the labels.
fn nodes_read_below(nodes: &[Node], names: &mut Vec<String>) -> bool {
    // A field of an inner value may have a label's name: that costs an extraction, no more. `.` alone is the inner
    // value, but a template that uses it is rare: read all.
    nodes_read(nodes, names)
}

fn pipe_reads(pipe: &Pipe, names: &mut Vec<String>) -> bool {
    pipe.commands.iter().flatten().all(|operand| match operand {
        Operand::Dot => false,
        Operand::Field(path) => {
            names.extend(path.first().cloned());
            true
        }
        Operand::Variable(name, path) => {
            names.extend(path.first().cloned());
            !(name.is_empty() && path.is_empty())
        }
        Operand::Constant(_) | Operand::Call(_) => true,
        Operand::Pipe(inner, _) => pipe_reads(inner, names),
    })
}

#[cfg(test)]
mod tests;
