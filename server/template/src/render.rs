//! Nodes to text.

use std::collections::BTreeMap;

use super::Fields;
use super::value::Value;
use super::{Node, Operand, Pipe};

/// A template that writes more is stopped.
const MAX_OUTPUT_BYTES: usize = 16 << 20;

type Rendered<T> = Result<T, String>;

/// What `.` is.
#[derive(Clone, Copy)]
enum Dot<'v> {
    Labels,
    Value(&'v Value),
}

enum Flow {
    Next,
    Break,
    Continue,
}

struct Renderer<'r> {
    fields: &'r dyn Fields,
    variables: Vec<(String, Value)>,
}

pub(super) fn render(nodes: &[Node], fields: &dyn Fields, out: &mut String) -> Rendered<()> {
    let mut renderer = Renderer { fields, variables: Vec::new() };
    renderer.nodes(nodes, Dot::Labels, out).map(drop)
}

impl Renderer<'_> {
    fn nodes(&mut self, nodes: &[Node], dot: Dot<'_>, out: &mut String) -> Rendered<Flow> {
        let scope = self.variables.len();
        for node in nodes {
            match self.node(node, dot, out)? {
                Flow::Next => {}
                flow => {
                    self.variables.truncate(scope);
                    return Ok(flow);
                }
            }
            if out.len() > MAX_OUTPUT_BYTES {
                return Err(format!("template writes more than {MAX_OUTPUT_BYTES} bytes"));
            }
        }
        self.variables.truncate(scope);
        Ok(Flow::Next)
    }

    fn node(&mut self, node: &Node, dot: Dot<'_>, out: &mut String) -> Rendered<Flow> {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Action(pipe) => self.action(pipe, dot, out)?,
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
            Node::If { arms, otherwise } => {
                let scope = self.variables.len();
                for (condition, body) in arms {
                    if self.pipe(condition, dot)?.is_true() {
                        let flow = self.nodes(body, dot, out);
                        self.variables.truncate(scope);
                        return flow;
                    }
                }
                let flow = self.nodes(otherwise, dot, out);
                self.variables.truncate(scope);
                return flow;
            }
            Node::With { pipe, body, otherwise } => {
                let scope = self.variables.len();
                let value = self.pipe(pipe, dot)?;
                let flow = match value.is_true() {
                    true => self.nodes(body, Dot::Value(&value), out),
                    false => self.nodes(otherwise, dot, out),
                };
                self.variables.truncate(scope);
                return flow;
            }
            Node::Range { pipe, body, otherwise } => return self.range(pipe, body, otherwise, (dot, out)),
        }
        Ok(Flow::Next)
    }

    fn range(
        &mut self,
        pipe: &Pipe,
        body: &[Node],
        otherwise: &[Node],
        (dot, out): (Dot<'_>, &mut String),
    ) -> Rendered<Flow> {
        let scope = self.variables.len();
        let items: Vec<(Value, Value)> = match self.value(pipe, dot)? {
            Value::List(list) => {
                list.into_iter().enumerate().map(|(i, v)| (Value::Int(i as i64), v)).collect()
            }
            Value::Map(map) => map.into_iter().map(|(key, v)| (Value::Text(key), v)).collect(),
            Value::Int(n) => (0..n.clamp(0, 100_000)).map(|i| (Value::Int(i), Value::Int(i))).collect(),
            Value::Nil => Vec::new(),
            Value::Text(text) if text.is_empty() => Vec::new(),
            other => return Err(format!("range can't iterate over {}", other.into_text())),
        };
        if items.is_empty() {
            return self.nodes(otherwise, dot, out);
        }
        for (key, value) in items {
            match pipe.variables.as_slice() {
                [item] => self.variables.push((item.clone(), value.clone())),
                [index, item] => {
                    self.variables.push((index.clone(), key));
                    self.variables.push((item.clone(), value.clone()));
                }
                _ => {}
            }
            let flow = self.nodes(body, Dot::Value(&value), out)?;
            self.variables.truncate(scope);
            if matches!(flow, Flow::Break) {
                break;
            }
        }
        Ok(Flow::Next)
    }

    fn action(&mut self, pipe: &Pipe, dot: Dot<'_>, out: &mut String) -> Rendered<()> {
        // `{{.label}}` is what most templates are made of.
        if let ([command], Dot::Labels) = (pipe.commands.as_slice(), dot)
            && let [Operand::Field(path)] = command.as_slice()
            && let [name] = path.as_slice()
            && pipe.variables.is_empty()
        {
            match self.fields.field(name) {
                Some(value) => out.push_str(value),
                None => Value::Nil.print_to(out),
            }
            return Ok(());
        }
        let value = self.pipe(pipe, dot)?;
        if pipe.variables.is_empty() {
            value.print_to(out);
        }
        Ok(())
    }

    /// The value of a pipeline, with its variables set.
    fn pipe(&mut self, pipe: &Pipe, dot: Dot<'_>) -> Rendered<Value> {
        let value = self.value(pipe, dot)?;
        if let Some(name) = pipe.variables.first() {
            if pipe.declares {
                self.variables.push((name.clone(), value.clone()));
            } else {
                match self.variables.iter_mut().rev().find(|(n, _)| n == name) {
                    Some(variable) => variable.1 = value.clone(),
                    None => return Err(format!("undefined variable: ${name}")),
                }
            }
        }
        Ok(value)
    }

    fn value(&mut self, pipe: &Pipe, dot: Dot<'_>) -> Rendered<Value> {
        let mut last = None;
        for command in &pipe.commands {
            last = Some(self.command(command, last, dot)?);
        }
        Ok(last.unwrap_or(Value::Nil))
    }

    fn command(&mut self, command: &[Operand], last: Option<Value>, dot: Dot<'_>) -> Rendered<Value> {
        let Some((Operand::Call(function), arguments)) = command.split_first() else {
            return self.operand(&command[0], dot);
        };
        let mut values = Vec::with_capacity(arguments.len() + 1);
        // `and` and `or` stop at the first value that decides.
        let stops_at = match function.name {
            "and" => Some(false),
            "or" => Some(true),
            _ => None,
        };
        for argument in arguments {
            let value = self.operand(argument, dot)?;
            if stops_at == Some(value.is_true()) {
                return Ok(value);
            }
            values.push(value);
        }
        values.extend(last);
        function.call(values, self.fields)
    }

    fn operand(&mut self, operand: &Operand, dot: Dot<'_>) -> Rendered<Value> {
        match operand {
            Operand::Dot => Ok(match dot {
                Dot::Labels => self.all_labels(),
                Dot::Value(value) => value.clone(),
            }),
            Operand::Field(path) => match dot {
                Dot::Labels => self.label(path),
                Dot::Value(value) => follow(value.clone(), path),
            },
            Operand::Variable(name, path) if name.is_empty() => match path.is_empty() {
                true => Ok(self.all_labels()),
                false => self.label(path),
            },
            Operand::Variable(name, path) => {
                let found = self.variables.iter().rev().find(|(n, _)| n == name);
                let (_, value) = found.ok_or_else(|| format!("undefined variable: ${name}"))?;
                follow(value.clone(), path)
            }
            Operand::Constant(value) => Ok(value.clone()),
            Operand::Call(function) => function.call(Vec::new(), self.fields),
            Operand::Pipe(inner, path) => follow(self.pipe(inner, dot)?, path),
        }
    }

    fn label(&self, path: &[String]) -> Rendered<Value> {
        let (name, rest) = path.split_first().ok_or("empty field")?;
        let value = self.fields.field(name).map_or(Value::Nil, |value| Value::Text(value.to_owned()));
        follow(value, rest)
    }

    fn all_labels(&self) -> Value {
        let mut all = BTreeMap::new();
        self.fields.each(&mut |name, value| {
            all.insert(name.to_owned(), Value::Text(value.to_owned()));
        });
        Value::Map(all)
    }
}

fn follow(value: Value, path: &[String]) -> Rendered<Value> {
    path.iter().try_fold(value, |value, name| value.field(name))
}
