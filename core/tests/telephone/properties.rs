//! What holds whatever comes in, in whatever order.

mod agree;
mod model;
mod ops;
mod world;

use proptest::prelude::*;

use ops::{config, op};
use world::World;

proptest! {
    #[test]
    fn any_inputs_keep_every_promise_of_the_doors(
        config in config(),
        ops in prop::collection::vec(op(), 1..160),
    ) {
        let mut world = World::new(config);
        for op in &ops {
            world.apply(op);
        }
        world.check_end();
    }

    #[test]
    fn two_clones_fed_the_same_list_say_the_same_and_are_equal(
        config in config(),
        ops in prop::collection::vec(op(), 1..60),
    ) {
        let mut worlds = [World::new(config), World::new(config)];
        for op in &ops {
            for world in &mut worlds {
                world.apply(op);
            }
        }
        let [one, other] = worlds;
        prop_assert_eq!(one.said, other.said);
        prop_assert!(one.phone == other.phone);
    }

    #[test]
    fn inputs_given_without_draining_are_taken_whole_or_refused_whole(
        config in config(),
        ops in prop::collection::vec((op(), 0..4_u8), 1..120),
    ) {
        let mut world = World::new(config);
        for (op, drain) in &ops {
            world.drains = *drain == 0;
            world.apply(op);
        }
        world.drain();
        world.check_end();
    }
}
