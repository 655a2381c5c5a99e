//! The functions of templates.

mod logic;
mod math;
mod sprig;
mod strings;
mod times;

use super::Fields;
use super::value::Value;

type Called = Result<Value, String>;

/// What a function can see besides its arguments.
struct Call<'a> {
    name: &'static str,
    arguments: Vec<Value>,
    fields: &'a dyn Fields,
}

/// A function by its name.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    /// The fewest arguments, and the most.
    arity: (usize, usize),
    body: fn(Call<'_>) -> Called,
}

const MANY: usize = usize::MAX;

impl Function {
    pub(super) fn call(&'static self, arguments: Vec<Value>, fields: &dyn Fields) -> Called {
        let (least, most) = self.arity;
        if !(least..=most).contains(&arguments.len()) {
            let got = arguments.len();
            return Err(match least == most {
                true => format!("wrong number of args for {}: want {least} got {got}", self.name),
                false => format!("wrong number of args for {}: want at least {least} got {got}", self.name),
            });
        }
        (self.body)(Call { name: self.name, arguments, fields })
    }
}

impl Call<'_> {
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
    [strings::FUNCTIONS, math::FUNCTIONS, sprig::FUNCTIONS, times::FUNCTIONS, logic::FUNCTIONS]
        .into_iter()
        .flatten()
        .find(|function| function.name == name)
}

fn text(value: impl Into<String>) -> Called {
    Ok(Value::Text(value.into()))
}
