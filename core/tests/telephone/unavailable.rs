//! A peer who prefers a profile that our encoder lacks: it is told what we send, or refused.

use lxst_core::wire::{self, Signal};
use lxst_core::{
    AnswerMode, CallId, Command, Config, DropReason, EndReason, Event, Mode, Profile, ProfileSet,
    Side, ThinPath, limits,
};

use crate::support::{IN, IN_CALL, OUT, OUT_CALL, OwnedOutput, Script, close, event, quiet, tx};

#[test]
fn a_switch_to_what_our_encoder_lacks_leads_to_the_nearest_that_it_has() {
    let mut phone = standing();
    let (call, profile, by) = (OUT_CALL, Profile::MediumQuality, Side::Remote);
    let changed = Event::ProfileChanged { call, profile, by };
    phone.rx([Signal::PreferredProfile(0x50)]).take();
    phone.rx([Signal::PreferredProfile(0x30)]).expect([
        unavailable(OUT_CALL, Profile::LowBandwidth, Profile::MediumQuality),
        tx(OUT, [Signal::PreferredProfile(0x40)]),
        event(changed),
    ]);
}

#[test]
fn a_peer_that_insists_is_answered_four_times() {
    let mut phone = standing();
    for _ in 0..limits::PROFILES_TOLD {
        phone.rx([Signal::PreferredProfile(0x30)]);
        assert_eq!(phone.take()[1], tx(OUT, [Signal::PreferredProfile(0x40)]));
    }
    let reason = DropReason::UnsupportedPreference;
    let dropped = Event::Dropped { link: OUT, reason };
    phone.rx([Signal::PreferredProfile(0x30)]).expect([event(dropped)]);
    assert_eq!(phone.counters().preferences_unsupported, 5);
}

#[test]
fn a_caller_who_prefers_what_our_encoder_lacks_is_told_ours_while_it_rings_and_with_the_answer() {
    let mut phone = Script::ringing(quiet());
    phone.rx([Signal::PreferredProfile(0x30), Signal::PreferredMode(1)]).expect([
        unavailable(IN_CALL, Profile::LowBandwidth, Profile::MediumQuality),
        tx(IN, [Signal::PreferredProfile(0x40)]),
    ]);
    phone.command(Command::Answer(IN_CALL));
    let done = phone.take();
    assert_eq!(done[1], tx(IN, [Signal::PreferredProfile(0x40), Signal::Connecting]));
    assert_eq!(done[2], tx(IN, [Signal::Established]));
}

#[test]
fn a_phone_that_answers_by_itself_tells_its_profile_with_the_answer_only() {
    let mut phone = Script::ringing(Config { answer: AnswerMode::Automatic, ..quiet() });
    phone.rx([Signal::PreferredProfile(0x30)]);
    let done = phone.take();
    assert_eq!(
        done[..3],
        [
            unavailable(IN_CALL, Profile::LowBandwidth, Profile::MediumQuality),
            tx(IN, [Signal::PreferredProfile(0x40), Signal::Connecting]),
            tx(IN, [Signal::Established]),
        ]
    );
}

#[test]
fn a_caller_on_a_thin_path_is_rejected_before_or_after_the_answer() {
    for is_answered in [false, true] {
        let mut phone = Script::ringing(quiet());
        if is_answered {
            phone.command(Command::Answer(IN_CALL)).take();
        }
        let thin = Profile::VeryLowBandwidth;
        let reason = EndReason::ProfileUnavailable;
        phone.rx([Signal::PreferredProfile(0x20), Signal::PreferredMode(1)]).expect([
            unavailable(IN_CALL, thin, Profile::MediumQuality),
            tx(IN, [Signal::Rejected]),
            event(Event::Ended { call: IN_CALL, reason }),
        ]);
        phone.pass(100).expect([close(IN)]);
    }
}

#[test]
fn a_caller_on_a_thin_path_is_taken_where_the_app_wants_it_or_a_thin_profile_is_there() {
    let accepting = Config { thin_path: ThinPath::Accept, ..quiet() };
    let profiles = ProfileSet::OPUS.with(Profile::VeryLowBandwidth);
    let thin = Config { profiles, ..quiet() };
    for (config, used) in [(accepting, Profile::MediumQuality), (thin, Profile::VeryLowBandwidth)] {
        let mut phone = Script::ringing(config);
        phone.rx([Signal::PreferredProfile(0x10)]).expect([
            unavailable(IN_CALL, Profile::UltraLowBandwidth, used),
            tx(IN, [Signal::PreferredProfile(used.id().into())]),
        ]);
        assert_eq!(phone.phone.call().map(|call| call.profile), Some(used));
    }
}

#[test]
fn a_callee_who_tells_its_profile_while_it_rings_is_followed() {
    let mut phone = Script::new(quiet());
    phone.dial().link_up().rx([Signal::Available]).rx([Signal::Ringing]).take();
    phone.rx([Signal::PreferredProfile(0x50)]).expect([]);
    phone.rx([Signal::PreferredProfile(0x50), Signal::Connecting]);
    phone.rx([Signal::Established]);
    let (call, profile, mode) = (OUT_CALL, Profile::HighQuality, Mode::FullDuplex);
    assert!(phone.take().contains(&event(Event::Established { call, profile, mode })));
}

/// No packet makes more outputs than an input may: with debug assertions, more of them panic.
#[test]
fn a_packet_that_switches_to_and_fro_stays_within_the_outputs_of_an_input() {
    let mut phone = standing();
    let mut signals = [Signal::PreferredProfile(0x30); wire::MAX_SIGNALS];
    signals.iter_mut().step_by(2).for_each(|signal| *signal = Signal::PreferredProfile(0x50));
    phone.rx(signals);
    assert!(phone.take().len() <= limits::OUTPUTS_PER_INPUT);
}

fn standing() -> Script {
    Script::established_caller(quiet(), Mode::FullDuplex)
}

fn unavailable(call: CallId, asked: Profile, used: Profile) -> OwnedOutput {
    event(Event::ProfileUnavailable { call, asked, used })
}
