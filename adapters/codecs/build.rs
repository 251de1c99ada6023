//! Finds libcodec2 for the feature `codec2-system`.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "codec2-system")]
    if pkg_config::Config::new().atleast_version("1.0").probe("codec2").is_err() {
        println!(
            "cargo::error=the feature `codec2-system` needs libcodec2 1.0 or later and pkg-config: \
             `apt-get install libcodec2-dev pkg-config` on Debian"
        );
    }
}
