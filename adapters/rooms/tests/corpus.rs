//! Replays the fuzzer's corpora, and packets by chance.

mod hostile {
    pub(crate) mod pages;
    pub(crate) mod rooms;
    pub(crate) mod stations;
}

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use hostile::{pages, rooms, stations};

/// A target of the fuzzer: its corpus, the fewest inputs of it, and what must hold.
type Target = (&'static str, usize, fn(&[u8]));

const TARGETS: [Target; 3] =
    [("rooms", 20, rooms::check), ("stations", 15, stations::check), ("pages", 12, pages::check)];

#[test]
fn the_invariants_hold_for_every_input_of_the_corpora() {
    for (name, least, check) in TARGETS {
        let inputs = corpus(name);
        assert!(inputs.len() >= least, "{name}: {}", inputs.len());
        for (path, data) in inputs {
            println!("{path}");
            check(&data);
        }
    }
}

proptest! {
    #[test]
    fn the_invariants_hold_for_any_bytes(data in prop::collection::vec(any::<u8>(), 0..200)) {
        for (_, _, check) in TARGETS {
            check(&data);
        }
    }

    #[test]
    fn the_invariants_hold_for_damaged_packets(
        packet in any::<usize>(),
        damage in prop::collection::vec((any::<usize>(), any::<u8>()), 0..4),
        end in any::<usize>(),
    ) {
        for (name, _, check) in TARGETS {
            let mut inputs = corpus(name);
            let at = packet % inputs.len();
            let (_, mut data) = inputs.swap_remove(at);
            for (at, byte) in &damage {
                let at = at % data.len();
                data[at] = *byte;
            }
            data.truncate(data.len().min(end % 1_000));
            check(&data);
        }
    }
}

/// The inputs of a target, with their paths, in order.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut inputs: Vec<_> = fs::read_dir(corpus)
        .expect("the corpus is there")
        .map(|entry| {
            let path = entry.expect("it can be listed").path();
            (path.display().to_string(), fs::read(path).expect("it can be read"))
        })
        .collect();
    inputs.sort();
    inputs
}
