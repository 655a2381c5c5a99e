//! The functions of templates.

mod logic;
mod math;
mod strings;
mod times;

use super::value::Value;
use crate::line::Line;

type Called = Result<Value, String>;

/// What a function can see besides its arguments.
struct Call<'a, 'l> {
    name: &'static str,
    arguments: Vec<Value>,
    line: &'a Line<'l>,
}

/// A function by its name.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    /// The fewest arguments, and the most.
    arity: (usize, usize),
    body: fn(Call<'_, '_>) -> Called,
}

const MANY: usize = usize::MAX;

impl Function {
    pub(super) fn call(&'static self, arguments: Vec<Value>, line: &Line<'_>) -> Called {
        let (least, most) = self.arity;
        if !(least..=most).contains(&arguments.len()) {
            let got = arguments.len();
            return Err(match least == most {
                true => format!("wrong number of args for {}: want {least} got {got}", self.name),
                false => format!("wrong number of args for {}: want at least {least} got {got}", self.name),
            });
        }
        (self.body)(Call { name: self.name, arguments, line })
    }
}

impl Call<'_, '_> {
    /// Argument `i` as text.
    fn text(&self, i: usize) -> String {
        self.arguments[i].clone().into_text()
    }

    fn int(&self, i: usize) -> i64 {
        self.arguments[i].to_int()
    }
}

/// The function called `name`.
pub(super) fn function(name: &str) -> Option<&'static Function> {
    [strings::FUNCTIONS, math::FUNCTIONS, times::FUNCTIONS, logic::FUNCTIONS]
        .into_iter()
        .flatten()
        .find(|function| function.name == name)
}

fn text(value: impl Into<String>) -> Called {
    Ok(Value::Text(value.into()))
}
