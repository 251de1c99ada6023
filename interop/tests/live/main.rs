//! Live calls between our phone, on each runtime, and Python LXST, over each network.

mod crossing;
mod in_call;
mod networks;
mod phone;
mod profiles;
mod python_calls_rust;
mod restarts;
mod rust_calls_python;
mod scene;
mod sound;
mod trace;
mod wire;
