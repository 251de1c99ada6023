//! What holds whatever comes in, in whatever order.

mod agree;
mod harness;
mod model;
mod ops;

use proptest::prelude::*;

use harness::Harness;
use ops::{config, op};

proptest! {
    #[test]
    fn any_inputs_keep_every_promise_of_the_doors(
        config in config(),
        ops in prop::collection::vec(op(), 1..160),
    ) {
        let mut harness = Harness::new(config);
        for op in &ops {
            harness.apply(op);
        }
        harness.check_end();
    }

    #[test]
    fn two_clones_fed_the_same_list_say_the_same_and_are_equal(
        config in config(),
        ops in prop::collection::vec(op(), 1..60),
    ) {
        let mut harnesses = [Harness::new(config), Harness::new(config)];
        for op in &ops {
            for harness in &mut harnesses {
                harness.apply(op);
            }
        }
        let [one, other] = harnesses;
        prop_assert_eq!(one.outputs, other.outputs);
        prop_assert!(one.phone == other.phone);
    }

    #[test]
    fn inputs_given_without_draining_are_taken_whole_or_refused_whole(
        config in config(),
        ops in prop::collection::vec((op(), 0..4_u8), 1..120),
    ) {
        let mut harness = Harness::new(config);
        for (op, drain) in &ops {
            harness.drains = *drain == 0;
            harness.apply(op);
        }
        harness.drain();
        harness.check_end();
    }
}
