//! The templates of `line_format` and `label_format`: Go's `text/template` with Loki's functions.

mod functions;
mod gotime;
mod parse;
mod printf;
mod render;
mod value;

use crate::line::Line;
use crate::{Error, Result};
use functions::Function;
use value::Value;

/// A parsed template.
#[derive(Debug, Clone)]
pub(crate) struct Template {
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
    /// Parses a template.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        match parse::parse(text) {
            Ok(nodes) => Ok(Template { nodes }),
            Err(why) => Err(Error::invalid(format!("invalid template: {why}"))),
        }
    }

    /// Writes the template's text for `line` to `out`.
    pub(crate) fn render(&self, line: &Line<'_>, out: &mut String) -> Result<(), String> {
        render::render(&self.nodes, line, out)
    }

    /// The labels that it reads; `None` if it may read any.
    pub(crate) fn labels(&self) -> Option<Vec<String>> {
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
