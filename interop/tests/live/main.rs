//! Live calls between our phone and Python LXST, in both directions.

mod crossing;
mod in_call;
mod python_calls_rust;
mod rust_calls_python;
mod support;
mod trace;
