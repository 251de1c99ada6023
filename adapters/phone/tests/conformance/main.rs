//! What a phone does, on every runtime alike, over real sockets on loopback.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "../support/mod.rs"]
mod support;

/// Makes of each `async fn name(rt: R)` the tests `tokio::name` and `smol::name`.
macro_rules! on_each_runtime {
    ($($test:ident),+ $(,)?) => {
        mod tokio {
            $(#[test]
            fn $test() {
                use crate::support::TestRuntime;
                lxst_tokio::Tokio::block_on(super::$test(lxst_tokio::Tokio));
            })+
        }

        mod smol {
            $(#[test]
            fn $test() {
                use crate::support::TestRuntime;
                lxst_smol::Smol::block_on(super::$test(lxst_smol::Smol));
            })+
        }
    };
}

mod addresses;
mod events;
mod flows;
mod interfaces;
mod live;
mod ports;
mod shutdown;
mod stack;
mod switches;
mod wakeups;
