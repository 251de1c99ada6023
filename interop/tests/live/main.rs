//! Live calls between our phone and Python LXST, in both directions.

mod python_calls_rust;
mod rust_calls_python;
mod support;
