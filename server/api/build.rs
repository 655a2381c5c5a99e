//! Tells cargo that the embedded UI is an input: a new `web/dist` makes a new binary.
fn main() {
    println!("cargo::rerun-if-changed=../../web/dist");
}
