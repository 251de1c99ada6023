//! Wall time from a packet that comes in to what the phone wants done, drained.

use core::hint::black_box;
use core::time::Duration;

use divan::Bencher;
use lxst_core::wire::{self, Codec, Frame, Signal};
use lxst_core::{
    CallId, Command, Config, Direction, IdentityHash, Input, Instant, JobId, LinkEvent, LinkId,
    Mode, Outcome, Output, PacketBuf, PortChange, Profile, StreamId, Telephone, Work,
};

fn main() {
    divan::main();
}

/// A frame comes in, and a job to decode it goes out.
#[divan::bench(sample_count = 1_000, sample_size = 64)]
fn media_packet_to_decode_job(bencher: Bencher<'_, '_>) {
    let packet = media_packet();
    let (before, _) = around_first_job(&packet);
    bench(bencher, &before, &packet, 1);
}

/// A frame on its whole way, in a call that goes on: it comes in, the speaker plays, the frame is
/// given out to be decoded, and the decoder is done. On a phone of one line and of four.
#[divan::bench(consts = [1, 4], sample_count = 1_000, sample_size = 64)]
fn received_frame_from_packet_to_playout<const LINES: usize>(bencher: Bencher<'_, '_>) {
    let packet = media_packet();
    let (_, mut phone) = around_first_job::<LINES>(&packet);
    let mut buf = PacketBuf::new();
    let mut next_job = 0;
    let mut jobs = 0_u64;
    bencher.bench_local(|| {
        let samples = Profile::MediumQuality.frame();
        let mut give = |phone: &mut Telephone<LINES>, input: Input<'_>| {
            phone.handle_input(NOW, input).expect("the phone takes it");
            while let Some(output) = phone.poll_output(&mut buf) {
                if let Output::Job { work: Work::Decode { .. }, .. } = black_box(output) {
                    jobs += 1;
                }
            }
        };
        give(&mut phone, Input::Packet { link: LINK, data: black_box(&packet) });
        let (job, outcome) = (JobId(next_job), Outcome::Played { samples, level: 30 });
        next_job += 1;
        give(&mut phone, Input::JobDone { job, outcome });
        give(&mut phone, Input::Consumed { stream: STREAM, samples });
    });
    assert!(jobs + 1 >= next_job, "{jobs} of {next_job} frames were decoded, others made up");
}

/// A frame comes in while one is decoded, and waits.
#[divan::bench(sample_count = 1_000, sample_size = 64)]
fn media_packet_that_waits(bencher: Bencher<'_, '_>) {
    let packet = media_packet();
    let (_, after) = around_first_job(&packet);
    bench(bencher, &after, &packet, 0);
}

/// RINGING comes in; preferences and an event go out.
#[divan::bench(sample_count = 1_000, sample_size = 64)]
fn ringing_to_preferences(bencher: Bencher<'_, '_>) {
    bench(bencher, &caller(&[Signal::Available]), &signal_packet(Signal::Ringing), 2);
}

/// A signal that changes nothing.
#[divan::bench(sample_count = 1_000, sample_size = 64)]
fn signal_out_of_turn(bencher: Bencher<'_, '_>) {
    bench(bencher, &caller(&ESTABLISHING), &signal_packet(Signal::Ringing), 0);
}

/// Gives the packet to a fresh copy of the phone each time; making the copy is not measured.
fn bench(bencher: Bencher<'_, '_>, phone: &Telephone, packet: &[u8], outputs: usize) {
    let mut buf = PacketBuf::new();
    assert_eq!(outputs_of(&mut phone.clone(), packet, &mut buf), outputs);
    bencher
        .with_inputs(|| phone.clone())
        .bench_local_refs(|phone| outputs_of(phone, black_box(packet), &mut buf));
}

fn outputs_of(phone: &mut Telephone, data: &[u8], buf: &mut PacketBuf) -> usize {
    phone.handle_input(NOW, Input::Packet { link: LINK, data }).expect("the link is known");
    let mut outputs = 0;
    while let Some(output) = phone.poll_output(buf) {
        black_box(&output);
        outputs += 1;
    }
    outputs
}

/// A phone just before the packet that starts playout, and just after it.
fn around_first_job<const LINES: usize>(packet: &[u8]) -> (Telephone<LINES>, Telephone<LINES>) {
    let mut phone = caller(&ESTABLISHING);
    let (direction, change) = (Direction::Receive, PortChange::Attached);
    give(&mut phone, Input::Port { stream: STREAM, direction, change });
    loop {
        let before = phone.clone();
        let mut buf = PacketBuf::new();
        phone.handle_input(NOW, Input::Packet { link: LINK, data: packet }).expect("it is known");
        let first = phone.poll_output(&mut buf).map(|output| matches!(output, Output::Job { .. }));
        if first == Some(true) {
            return (before, phone);
        }
    }
}

/// A phone that dialled and heard these signals.
fn caller<const LINES: usize>(signals: &[Signal]) -> Telephone<LINES> {
    let identity = IdentityHash([0xaa; 16]);
    let mut phone = Telephone::with_lines(identity, Config::default(), Instant::ORIGIN);
    let (profile, mode) = (Profile::MediumQuality, Mode::FullDuplex);
    let (call, to) = (CallId(1), IdentityHash([0xbb; 16]));
    let dial = Command::Dial { call, link: LINK, to, profile, mode };
    give(&mut phone, Input::Command(dial));
    let event = LinkEvent::Up { rtt: Some(Duration::from_millis(20)), mdu: Some(431) };
    give(&mut phone, Input::Link { link: LINK, event });
    for signal in signals {
        give(&mut phone, Input::Packet { link: LINK, data: &signal_packet(*signal) });
    }
    phone
}

fn give<const LINES: usize>(phone: &mut Telephone<LINES>, input: Input<'_>) {
    phone.handle_input(NOW, input).expect("the phone takes it");
    while phone.poll_output(&mut PacketBuf::new()).is_some() {}
}

fn signal_packet(signal: Signal) -> Vec<u8> {
    let mut out = [0; 20];
    let length = wire::encode_signals(&[signal], &mut out).expect("20 bytes hold one");
    out[..length].to_vec()
}

/// A frame of the default profile.
fn media_packet() -> Vec<u8> {
    let mut out = [0; 500];
    let frame = Frame { codec: Codec::Opus, payload: &[0x58; 60] };
    let length = wire::encode_frame(frame, &mut out).expect("500 bytes hold 60");
    out[..length].to_vec()
}

const LINK: LinkId = LinkId(2);
const STREAM: StreamId = StreamId(1);
const NOW: Instant = Instant::from_millis(1_000);
const ESTABLISHING: [Signal; 4] =
    [Signal::Available, Signal::Ringing, Signal::Connecting, Signal::Established];
