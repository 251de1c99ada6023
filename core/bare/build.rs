//! Leaves out what a hosted program starts with. The C library gives memcpy and its like, which
//! compiled code calls everywhere.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg-bins=-nostartfiles");
    println!("cargo::rustc-link-arg-bins=-lc");
}
