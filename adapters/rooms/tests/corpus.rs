//! Replays the fuzzer's corpus, and packets by chance.

mod hostile;

use std::fs;
use std::path::Path;

use proptest::prelude::*;

#[test]
fn the_invariants_hold_for_every_input_of_the_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/rooms");
    let mut inputs = 0;
    for entry in fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        hostile::check(&fs::read(path).unwrap());
        inputs += 1;
    }
    assert!(inputs > 20, "{inputs}");
}

proptest! {
    #[test]
    fn the_invariants_hold_for_any_bytes(data in prop::collection::vec(any::<u8>(), 0..200)) {
        hostile::check(&data);
    }

    #[test]
    fn the_invariants_hold_for_damaged_packets(
        packet in 0..1_000_usize,
        damage in prop::collection::vec((any::<usize>(), any::<u8>()), 0..4),
        end in any::<usize>(),
    ) {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/rooms");
        let mut paths: Vec<_> =
            fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let mut data = fs::read(&paths[packet % paths.len()]).unwrap();
        for (at, byte) in damage {
            let at = at % data.len();
            data[at] = byte;
        }
        data.truncate(data.len().min(end % 1_000));
        hostile::check(&data);
    }
}
