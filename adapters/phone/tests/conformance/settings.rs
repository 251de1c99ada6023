//! Settings beyond their bounds: refused by the start, which names the bound.

use std::time::Duration;

use lxst_phone::{
    Admission, BuiltInCodecs, Codecs, Interface, Network, PhoneBuilder, Profile, SettingError,
    Settings, StackSettings, StartError, Timing, Voice,
};

use crate::support::{TestRuntime, builder};

on_each_runtime!(
    a_setting_beyond_its_bound_is_refused_by_the_start_on_our_endpoint,
    a_setting_beyond_its_bound_is_refused_by_the_start_on_the_links_of_an_app,
    settings_at_their_bounds_are_taken,
    an_mtu_beyond_its_bounds_is_refused_by_the_interface,
);

async fn a_setting_beyond_its_bound_is_refused_by_the_start_on_our_endpoint<R: TestRuntime>(_: R) {
    check_refusals(builder::<R>).await;
}

async fn a_setting_beyond_its_bound_is_refused_by_the_start_on_the_links_of_an_app<
    R: TestRuntime,
>(
    _: R,
) {
    check_refusals(|| PhoneBuilder::<R, lxst_phone::AppStack>::on_links(ANYBODY).0).await;
}

async fn settings_at_their_bounds_are_taken<R: TestRuntime>(_: R) {
    for settings in [
        frames(1),
        frames(5),
        screening(Duration::ZERO),
        screening(Duration::from_secs(3)),
        every(Duration::from_secs(300)),
        every(Duration::MAX),
    ] {
        let (phone, _) = builder::<R>().settings(settings).start().await.unwrap();
        phone.shutdown().await;
    }
}

async fn an_mtu_beyond_its_bounds_is_refused_by_the_interface<R: TestRuntime>(_: R) {
    let interface = || Interface::<R>::packets("here").0;
    for bytes in [0, 499, 2_097_152, u32::MAX] {
        let refused = interface().with_mtu(bytes).unwrap_err();
        assert!(refused.to_string().contains("not within 500 to 2097151"), "{refused}");
    }
    for bytes in [500, 2_097_151] {
        let interface = interface().with_mtu(bytes).unwrap();
        let (phone, _) = builder().interface(interface).start().await.unwrap();
        phone.shutdown().await;
    }
}

async fn check_refusals<R: TestRuntime, S: StackSettings>(begin: impl Fn() -> PhoneBuilder<R, S>) {
    let ms = Duration::from_millis;
    let mut cases = vec![
        (frames(0), SettingError::FramesPerPacket(0), "0, where 1 to 5 are possible"),
        (frames(6), SettingError::FramesPerPacket(6), "6, where 1 to 5 are possible"),
        (screening(ms(3_001)), SettingError::ScreeningTime(ms(3_001)), "where 3s is the most"),
        (every(ms(299_999)), SettingError::AnnounceInterval(ms(299_999)), "every 300s is the most"),
        (every(ms(0)), SettingError::AnnounceInterval(ms(0)), "every 300s is the most often"),
    ];
    let unsendable = |profile: &Profile| !BuiltInCodecs.profiles().contains(*profile);
    cases.extend(Profile::ALL.into_iter().filter(unsendable).map(|profile| {
        let voice = Voice::default().profile(profile);
        (Settings::default().voice(voice), SettingError::Profile(profile), "is not built in")
    }));
    for (settings, expected, told) in cases {
        match begin().settings(settings).start().await {
            Err(StartError::Setting(error)) => {
                assert_eq!(error, expected);
                assert!(error.to_string().contains(told), "{error}");
            }
            other => panic!("{expected:?}: {other:?}"),
        }
    }
}

fn frames(frames: u8) -> Settings {
    Settings::default().voice(Voice::default().frames_per_packet(frames))
}

fn screening(time: Duration) -> Settings {
    Settings::default().timing(Timing::default().screening(time, Admission::Busy))
}

fn every(time: Duration) -> Settings {
    Settings::default().network(Network::default().announce_every(Some(time)))
}

const ANYBODY: lxst_phone::IdentityHash = lxst_phone::IdentityHash([1; 16]);
